/** halfturn reconstruct: a photo to a head. */
import { basename, extname, resolve } from 'node:path'
import { sha256Of } from '../engine/checkpoint/import.ts'
import { UserError } from '../engine/errors.ts'
import { FileSet } from '../engine/files/file-set.ts'
import { portableName, shortened } from '../engine/files/names.ts'
import { possibleStems } from '../engine/files/plan.ts'
import { PHOTO_FORMAT_NAMES } from '../engine/images/photo-formats.ts'
import { inversionSettings } from '../engine/inversion/inversion.ts'
import { MOST_PHOTOS } from '../engine/inversion/posed-portrait.ts'
import { type Quality, qualities } from '../engine/inversion/schedule.ts'
import { LIMITS } from '../engine/limits.ts'
import { number, oneOf, readArguments, runtimeOptions, wholeNumber } from './arguments.ts'
import type { Command } from './commands.ts'
import {
  HEAD_ENDINGS,
  HEAD_FILE_HELP,
  headFileOptions,
  isHeadFile,
  readHeadFileOptions,
  writeHeadFiles,
} from './head-files.ts'
import { Interruption } from './interruption.ts'
import { readPhoto } from './photo-file.ts'
import { createReporter } from './reporter.ts'
import { findUnfinished, originOf, requireSame, UNFINISHED } from './unfinished.ts'

const HELP = `Turns a portrait photo, or up to ${MOST_PHOTOS} of one person, into a 3D head.

usage: halfturn reconstruct PHOTO [PHOTO ...] [options]

  PHOTO                  a face, as ${PHOTO_FORMAT_NAMES};
                         several show one person from different sides
  -o, --output DIR       where the files go (default: ./<name of the first photo>-head)
  --quality NAME         fast, balanced or full (default: balanced)
  --steps N              optimiser steps (default: the quality's)
  --learning-rate X      default 0.08
  --seed N               default 0; the same seed gives the same head
  --face N               which face, 1 being the largest
${HEAD_FILE_HELP}
  --generator FILE       a generator file or an EG3D checkpoint (default: the embedded one)
  --provider NAME        cuda, dml, coreml, webgpu or cpu (default: the best that works)
  --allow-software       let a software adapter count as a GPU
  --resume               go on with what was interrupted in the output folder, from the same photos and options
  --overwrite            replace an earlier head of that name (default: it is kept, and this one is numbered)
  --json                 progress as JSON lines
  -h, --help

Writes NAME.glb, NAME.obj with its .mtl and texture (or what --format says), and NAME.sheet.png to look at.
Ctrl-C stops after the step at hand and keeps the best so far.
`

const options = {
  ...runtimeOptions,
  ...headFileOptions,
  quality: { type: 'string' },
  steps: { type: 'string' },
  'learning-rate': { type: 'string' },
  seed: { type: 'string' },
  face: { type: 'string' },
  resume: { type: 'boolean' },
} as const

export const reconstruct: Command = {
  async run(argv) {
    const { values, positionals } = readArguments('reconstruct', argv, options)
    if (values.help) {
      process.stdout.write(HELP)
      return 0
    }
    const [photo] = positionals
    if (photo === undefined || positionals.length > MOST_PHOTOS) {
      throw new UserError(
        `reconstruct takes one to ${MOST_PHOTOS} photos of one person.`,
        'For example: halfturn reconstruct portrait.jpg',
      )
    }
    const quality: Quality = oneOf('quality', values.quality, qualities) ?? 'balanced'
    const steps = wholeNumber('steps', values.steps, LIMITS.steps)
    const settings = inversionSettings.parse({
      quality,
      steps,
      seed: wholeNumber('seed', values.seed, LIMITS.seed),
      learningRate: number('learning-rate', values['learning-rate'], LIMITS.learningRate),
    })
    const choice = readHeadFileOptions(values)
    const face = wholeNumber('face', values.face, { least: 1, most: 100 })
    if (face !== undefined && positionals.length > 1) {
      throw new UserError('--face works with one photo.', 'Crop the other photos so that the person is alone in them.')
    }
    const report = createReporter(values.json ?? false)
    const interruption = new Interruption()
    const files = await Promise.all(positionals.map(readPhoto))

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
      report.warn(`${sameBefore.path} holds this head, unfinished: --resume goes on with it.`)
    }
    try {
      // The libraries are loaded when there is work for them: what was asked for has been found right.
      const [{ beginHead, formHead, openStudio }, { Finish }] = await Promise.all([
        import('./studio.ts'),
        import('../engine/finish.ts'),
      ])
      const studio = await openStudio(values, report)
      const order = { files, face, settings, origin, resumed }
      const goesOn = () => interruption.code === undefined
      const inversion = await beginHead(studio, order, report)
      await interruption.gently(() => formHead(studio, inversion, order, set, goesOn, report))
      const checkpoint = set.path(UNFINISHED)
      const again = ['halfturn', 'reconstruct', ...argv.filter((word) => word !== '--resume'), '--resume'].map(quoted)
      if (!inversion.progress.done) {
        const { step, steps: wanted } = inversion.progress
        report.say(
          `Stopped after step ${step} of ${wanted}. The best so far is kept in ${checkpoint}.\n` +
            `Go on:      ${again.join(' ')}\n` +
            `Finish now: ${again.join(' ')} --steps ${Math.max(step, 3)}`,
          { stopped: true, step, steps: wanted, checkpoint },
        )
        return interruption.code ?? 1
      }
      const kept = `The head is kept in ${checkpoint}: the same command with --resume writes its files.`
      interruption.parting = kept
      if (interruption.code !== undefined) {
        report.say(kept, { stopped: true, checkpoint })
        return interruption.code
      }
      const { generator, sha256 } = studio
      const { head, photos } = inversion
      try {
        const finish = new Finish({ generator, sha256, head, photos })
        await writeHeadFiles(finish, choice, inversion.choices, set, report, { obsolete: [UNFINISHED] })
        return 0
      } catch (cause) {
        if (!(cause instanceof UserError)) throw cause
        throw new UserError(cause.message, `${cause.cure}\n${kept}`, { cause })
      }
    } finally {
      set.abandon()
    }
  },
}

/** A word as a shell takes it. */
const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
