/** halfturn reconstruct: a photo to a head. */
import { basename, extname, resolve } from 'node:path'
import { sha256Of } from '../engine/checkpoint/import.ts'
import { message, messageOf, UserError } from '../engine/errors.ts'
import { FileSet } from '../engine/files/file-set.ts'
import { portableName, shortened } from '../engine/files/names.ts'
import { possibleStems } from '../engine/files/plan.ts'
import { LIMITS } from '../engine/limits.ts'
import { say } from '../words/message.ts'
import { words } from '../words/terminal.ts'
import { runtimeOptions, wholeNumber } from './arguments.ts'
import { command } from './command.ts'
import { editOption, readEdit } from './edit-option.ts'
import {
  HEAD_ENDINGS,
  headFileHelp,
  headFileOptions,
  isHeadFile,
  readHeadFileOptions,
  writeHeadFiles,
} from './head-files.ts'
import { Interruption } from './interruption.ts'
import { inversionOptions, readInversionOptions } from './inversion-options.ts'
import { readPhoto } from './photo-file.ts'
import { createReporter } from './reporter.ts'
import { findUnfinished, originOf, requireSame, UNFINISHED } from './unfinished.ts'

const options = {
  ...runtimeOptions,
  ...headFileOptions,
  ...editOption,
  ...inversionOptions,
  face: { type: 'string' },
  resume: { type: 'boolean' },
} as const

export const reconstruct = command({
  name: 'reconstruct',
  options,
  help: () => words.cli.helps.reconstruct(LIMITS.photos.most, headFileHelp, LIMITS.edit),
  async run({ values, positionals }, argv) {
    const [photo] = positionals
    if (photo === undefined || positionals.length > LIMITS.photos.most) {
      throw new UserError('photos-count', { most: LIMITS.photos.most })
    }
    const settings = readInversionOptions(values)
    const edit = readEdit(values.edit)
    const choice = readHeadFileOptions(values)
    const face = wholeNumber('face', values.face, { least: 1, most: 100 })
    if (face !== undefined && positionals.length > 1) {
      throw new UserError('face-of-several')
    }
    const report = createReporter(values.json ?? false)
    const interruption = new Interruption()
    const files = await Promise.all(positionals.map((path) => readPhoto(path)))

    const name = basename(photo, extname(photo))
    const folder = resolve(values.output ?? `${shortened(name, ['head'])}-head`)
    const endings = [...HEAD_ENDINGS, UNFINISHED]
    const stem = portableName(name)
    const digests = files.map(({ bytes }) => sha256Of(bytes))
    const origin = originOf(digests, face, settings)
    // What a killed run had finished is no longer unfinished.
    for (const note of FileSet.cleanUp(folder)) report.warn(note)
    const interrupted = await findUnfinished(folder, possibleStems(stem, endings), origin)
    const resumed = values.resume ? requireSame(interrupted, folder) : undefined
    const set = FileSet.claim({
      folder,
      stem: resumed?.stem ?? stem,
      endings,
      inputs: values.generator === undefined ? positionals : [...positionals, values.generator],
      exact: resumed !== undefined,
      mayReplace: (path) => basename(path) === resumed?.name || (values.overwrite === true && isHeadFile(path)),
    })
    for (const note of set.notes) report.warn(note)
    const sameBefore = interrupted.find(({ differences }) => differences.length === 0)
    if (sameBefore && !resumed && !values.overwrite) {
      report.warn(message('unfinished-here', { path: sameBefore.path }))
    }
    try {
      // The libraries are loaded when there is work for them: what was asked for has been found right.
      const [{ beginHead, formHead, openStudio }, { alone, Finish }, { requireEdit }] = await Promise.all([
        import('./studio.ts'),
        import('../engine/finish.ts'),
        import('../engine/head/edit.ts'),
      ])
      const studio = await openStudio(values, report)
      requireEdit(studio.generator, edit)
      const order = { files, face, settings, origin, resumed }
      const goesOn = () => interruption.code === undefined
      const inversion = await beginHead(studio, order, report)
      await interruption.gently(() => formHead(studio, inversion, order, set, goesOn, report))
      const checkpoint = set.path(UNFINISHED)
      const again = ['halfturn', 'reconstruct', ...argv.filter((word) => word !== '--resume'), '--resume'].map(quoted)
      if (!inversion.progress.done) {
        const { step, steps: wanted } = inversion.progress
        report.say(
          message('stopped', { step, steps: wanted, checkpoint, again: again.join(' '), least: Math.max(step, 3) }),
          { stopped: true, step, steps: wanted, checkpoint },
        )
        return interruption.code ?? 1
      }
      const kept = message('head-kept', { checkpoint })
      interruption.parting = say(words, kept, 'cli').text
      if (interruption.code !== undefined) {
        report.say(kept, { stopped: true, checkpoint })
        return interruption.code
      }
      const { generator, sha256 } = studio
      const { head, photos } = inversion
      try {
        const finish = new Finish({ generator, sha256, head, photos }, alone(studio.landmarker)).edited(edit)
        await writeHeadFiles(finish, choice, inversion.choices, set, report, { obsolete: [UNFINISHED] })
        return 0
      } catch (cause) {
        if (!(cause instanceof UserError)) throw cause
        const what = messageOf(cause)
        throw new UserError('files-not-written', { what, cure: what, kept }, { cause })
      }
    } finally {
      set.abandon()
    }
  },
})

/** A word as a shell takes it. */
export const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
