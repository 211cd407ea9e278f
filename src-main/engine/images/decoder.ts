/**
 * Decoding in a process of its own, which ends when the work takes too long or too much memory: image libraries are large,
 * and the files come from anywhere. Command line and served engine start it from here; in the packaged app, whose program
 * starts as nothing but the app, the shell starts it for the engine, as it does the provider's probe.
 */
import { fork } from 'node:child_process'
import { UserError } from '../errors.ts'
import type { DecodeAnswer } from './decode-process.ts'
import type { Photo } from './photo.ts'
import { requireFormat } from './signature.ts'

/** Runs the process with a file's bytes. @returns its answer; nothing where it died */
export type Decoding = (bytes: Uint8Array) => Promise<DecodeAnswer | undefined>

/** Seconds until the process is ended from outside; it ends itself long before, by the processor's time it took. */
const PATIENCE = 300
/** MiB of JavaScript heap; what the libraries take is watched by the process itself. */
const MOST_HEAP = 1024

/** Decodes a photo, see {@link decodePixels}. @throws UserError also where decoding crashes or takes too much */
export async function decodePhoto(bytes: Uint8Array, decoding: Decoding = childProcess()): Promise<Photo> {
  // What is no photo at all starts no process.
  requireFormat(bytes)
  const answer = await decoding(bytes)
  if (!answer) {
    throw new UserError('photo-too-costly')
  }
  if ('photo' in answer) return answer.photo
  if ('refusal' in answer) throw UserError.of(answer.refusal)
  throw new Error(answer.defect)
}

/** @param script what the process runs; others than the default are for tests */
export function childProcess(script = scriptBeside()): Decoding {
  const loader = script.pathname.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : []
  return (bytes) => {
    const child = fork(script, [], {
      execArgv: [...loader, `--max-old-space-size=${MOST_HEAP}`],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
      timeout: 1000 * PATIENCE,
      killSignal: 'SIGKILL',
    })
    return new Promise((resolve) => {
      let answer: DecodeAnswer | undefined
      child.once('message', (message) => {
        answer = message as DecodeAnswer
        child.kill('SIGKILL')
      })
      child.once('error', () => resolve(answer))
      child.once('close', () => resolve(answer))
      // A process that is gone already is told of by 'close'.
      child.send(bytes, () => {})
    })
  }
}

/** Beside this file: source under tsx and in tests, an entry of its own in the build. */
function scriptBeside(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? 'decode-process.ts' : 'decode-process.js', import.meta.url)
}
