/** halfturn batch: many photos to heads, on this machine or, over a queue, on many. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { UserError } from '../engine/errors.ts'
import { FileSet } from '../engine/files/file-set.ts'
import { PHOTO_FORMAT_NAMES } from '../engine/images/photo-formats.ts'
import { inversionSettings } from '../engine/inversion/inversion.ts'
import { MOST_PHOTOS } from '../engine/inversion/posed-portrait.ts'
import { qualities } from '../engine/inversion/schedule.ts'
import { LIMITS } from '../engine/limits.ts'
import { VERSION } from '../engine/version.ts'
import { number, oneOf, readArguments, runtimeOptions, wholeNumber } from './arguments.ts'
import { findPeople, type Person, TABLE_STEM, TABLES } from './batch/people.ts'
import { differencesOf, type Making, making } from './batch/record.ts'
import type { Result } from './batch/table.ts'
import type { Command } from './commands.ts'
import { HEAD_FILE_HELP, headFileOptions, readHeadFileOptions } from './head-files.ts'
import { Interruption } from './interruption.ts'
import { clock, createReporter, type Reporter } from './reporter.ts'

const MOST_JOBS = 64

const HELP = `Turns many portrait photos into 3D heads.

usage: halfturn batch FOLDER|LIST|PHOTO [...] -o DIR [options]

  FOLDER                 every photo in it is a person; every folder below with photos in it is one person,
                         with up to ${MOST_PHOTOS} photos: ${PHOTO_FORMAT_NAMES}
  LIST                   a .csv with the columns person and photo; paths are from where it lies
  -o, --output DIR       where the results go: a folder for each person, results.csv, results.html and results.png
  --jobs N               heads made at a time, each by a process of its own (default 1)
  --queue URL            let halfturn worker make them, on any number of machines: redis://HOST:PORT
  --resume               go on with what is in DIR
  --quality NAME         fast, balanced or full (default: balanced)
  --steps N              optimiser steps (default: the quality's)
  --learning-rate X      default ${LIMITS.learningRate.least === 0 ? '' : '0.08'}
  --seed N               default 0; the same seed gives the same heads
${HEAD_FILE_HELP}
  --generator FILE       a generator file or an EG3D checkpoint (default: the embedded one)
  --provider NAME        cuda, dml, coreml, webgpu or cpu (default: the best that works)
  --allow-software       let a software adapter count as a GPU
  --json                 progress as JSON lines
  -h, --help

A photo that cannot be used is reported and passed over. Ctrl-C stops after the step at hand; --resume goes on, also
where the process was killed, and makes nothing twice. Exit code: 0 where everybody has a head, 3 where somebody has none.
`

const options = {
  ...runtimeOptions,
  ...headFileOptions,
  quality: { type: 'string' },
  steps: { type: 'string' },
  'learning-rate': { type: 'string' },
  seed: { type: 'string' },
  jobs: { type: 'string' },
  queue: { type: 'string' },
  resume: { type: 'boolean' },
} as const

/** Exit code where somebody has no head. */
const INCOMPLETE = 3

export const batch: Command = {
  async run(argv) {
    const { values, positionals } = readArguments('batch', argv, options)
    return 0
  },
}
