/** The files of a head: what a command takes to make them, their names, and by what they are told from others. */
import { closeSync, openSync, readSync } from 'node:fs'
import { message, UserError } from '../engine/errors.ts'
import type { FileSet, SetFile } from '../engine/files/file-set.ts'
import type { Finish, MeshOptions } from '../engine/finish.ts'
import { LIMITS } from '../engine/limits.ts'
import type { Assessment } from '../engine/quality/verdict.ts'
import { type FormatName, formatExtensions, formatNames } from '../engine/surface/formats/formats.ts'
import {
  type FileChoices,
  type FileOption,
  fileChoices,
  fileOptionNames,
  fileOptions,
} from '../engine/surface/formats/options.ts'
import type { Provenance } from '../engine/surface/formats/provenance.ts'
import { type Options, oneOf, realNumber, wholeNumber } from './arguments.ts'
import type { Reporter } from './reporter.ts'

export const SHEET = 'sheet.png'
/** What the files of a head may end in. */
export const HEAD_ENDINGS = [SHEET, ...formatExtensions]
const DEFAULT_FORMATS: readonly FormatName[] = ['glb', 'obj']

/** How far into a file it says what made it. */
const MARKED_WITHIN = 1 << 16

/** What a file option is called here. */
export const optionOf = (name: FileOption) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

export const headFileOptions = {
  output: { type: 'string', short: 'o' },
  overwrite: { type: 'boolean' },
  format: { type: 'string' },
  'mesh-resolution': { type: 'string' },
  triangles: { type: 'string' },
  even: { type: 'boolean' },
  'texture-size': { type: 'string' },
  'texture-format': { type: 'string' },
  compression: { type: 'string' },
  'vertex-colours': { type: 'boolean' },
  'evidence-texture': { type: 'boolean' },
  author: { type: 'string' },
  height: { type: 'string' },
  base: { type: 'string' },
  hollow: { type: 'boolean' },
  wall: { type: 'string' },
} as const satisfies Options

const { meshResolution, triangles } = LIMITS
export const headFileHelp = {
  formats: formatNames,
  usual: DEFAULT_FORMATS,
  resolution: meshResolution,
  options: fileOptions,
}

interface HeadFileChoice {
  readonly formats: readonly FormatName[]
  readonly mesh: MeshOptions
  readonly choices: FileChoices
}

type Values = { readonly [name in keyof typeof headFileOptions]?: string | boolean }

export function readHeadFileOptions(
  values: Values & { readonly [name in 'format' | 'mesh-resolution' | 'triangles']?: string },
): HeadFileChoice {
  return {
    formats: values.format === undefined ? DEFAULT_FORMATS : formatsOf(values.format),
    mesh: {
      resolution: wholeNumber('mesh-resolution', values['mesh-resolution'], meshResolution) ?? 256,
      triangles: wholeNumber('triangles', values.triangles, triangles) ?? 60_000,
      ...(values.even === true && { even: true }),
    },
    choices: choicesOf(values),
  }
}

function choicesOf(values: Values): FileChoices {
  const given = fileOptionNames.map((name) => {
    const option = fileOptions[name]
    const called = optionOf(name)
    const value = values[called as keyof Values]
    if (typeof value !== 'string') return [name, value]
    if (option.kind === 'choice') return [name, oneOf(called, value, option.choices)]
    if (option.kind === 'millimetres') return [name, realNumber(called, value, option.range)]
    return [name, value.slice(0, option.kind === 'text' ? option.most : undefined)]
  })
  return fileChoices.parse(Object.fromEntries(given.filter(([, value]) => value !== undefined)))
}

function formatsOf(text: string): FormatName[] {
  const wanted = new Set(text.split(',').map((word) => word.trim()))
  const known = formatNames.filter((name) => wanted.has(name))
  if (known.length === wanted.size) return known
  throw new UserError('unknown-formats', { text, known: formatNames })
}

interface Beside {
  /** Endings of what was written ahead and goes when the files are there. */
  readonly obsolete?: readonly string[]
  /** Further files of the set. */
  more?(quality: Assessment | undefined): readonly SetFile[]
}

/** Takes the surface, says what is to be thought of the head, and writes sheet and files. */
export async function writeHeadFiles(
  finish: Finish,
  { formats, mesh, choices }: HeadFileChoice,
  settings: Provenance['settings'],
  set: FileSet,
  report: Reporter,
  { obsolete, more }: Beside = {},
): Promise<void> {
  await finish.surface(mesh, {
    progress: (done) => report.progress('surface', done, 1, `${Math.round(done * 100)} %`),
  })
  const quality = await finish.quality(mesh)
  if (quality) {
    const { verdict, reason } = quality
    report.say(message('verdict', { title: message(verdict), what: reason, cure: reason }), { quality })
    if (finish.source.head.edit) report.say(message('verdict-as-formed'))
  }
  const sheet = await finish.sheet(mesh, quality)
  const files = await set.commit(
    async (stem) => [
      [SHEET, sheet],
      ...(await finish.files(formats, stem, { mesh, settings, quality, choices, tell: (note) => report.say(note) })),
      ...(more?.(quality) ?? []),
    ],
    obsolete,
  )
  report.say(message('wrote', { files }), { files })
}

/** Whether a file was made by Halfturn: nothing else may be replaced by what it makes. A texture says so in its MTL. */
export function isHeadFile(path: string): boolean {
  const companion = path.replace(/\.png$/i, '.mtl')
  return isMarked(path) || (companion !== path && isMarked(companion))
}

function isMarked(path: string): boolean {
  try {
    const descriptor = openSync(path, 'r')
    try {
      const start = Buffer.alloc(MARKED_WITHIN)
      return start.subarray(0, readSync(descriptor, start)).includes('Halfturn')
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return false
  }
}
