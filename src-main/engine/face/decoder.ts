/**
 * Decoding in a process of its own, which is ended when the work takes too long or too much memory: image libraries are
 * large, and the files come from anywhere. The command line and the served engine start it from here.
 *
 * The packaged desktop app's engine may start no programs (its shell is not Node, and is locked not to pose as it), so it
 * decodes in its own process: no metadata reaches a library there either, sizes are bounded before anything is decoded,
 * the library has a time limit, and the shell starts an engine that dies anew, with all projects as they were.
 */
import { fork } from 'node:child_process'
import { UserError } from '../errors.ts'
import type { Answer } from './decode-process.ts'
import { decodePixels, type Photo, requireFormat } from './photo.ts'

/** Seconds until the process is ended from outside; it ends itself long before, by the processor's time it took. */
const PATIENCE = 300
/** MiB of JavaScript heap; what the libraries take is watched by the process itself. */
const MOST_HEAP = 1024
const CURE = 'Open it in an image editor and save it anew, no larger than 4000 pixels a side, as JPEG or PNG.'

/** Decodes a photo, see {@link decodePixels}. @throws UserError also where decoding crashes or takes too much */
export async function decodePhoto(bytes: Uint8Array, script = scriptBeside()): Promise<Photo> {
  // What is no photo at all starts no process.
  requireFormat(bytes)
  if (process.versions.electron !== undefined) return decodePixels(bytes)
  const loader = script.pathname.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : []
  const child = fork(script, [], {
    execArgv: [...loader, `--max-old-space-size=${MOST_HEAP}`],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
    timeout: 1000 * PATIENCE,
    killSignal: 'SIGKILL',
  })
  const answer = await new Promise<Answer | undefined>((resolve) => {
    let last: Answer | undefined
    child.once('message', (message) => {
      last = message as Answer
      child.kill('SIGKILL')
    })
    child.once('error', () => resolve(last))
    child.once('close', () => resolve(last))
    // A process that is gone already is told of by 'close'.
    child.send(bytes, () => {})
  })
  if (!answer) throw new UserError('Decoding the photo took too much time or memory and was stopped.', CURE)
  if ('photo' in answer) return answer.photo
  if ('refusal' in answer) throw new UserError(answer.refusal.message, answer.refusal.cure)
  throw new Error(answer.defect)
}

/** Beside this file: source under tsx and in tests, an entry of its own in the build. */
function scriptBeside(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? 'decode-process.ts' : 'decode-process.js', import.meta.url)
}
