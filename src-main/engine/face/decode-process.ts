/**
 * The process one photo is decoded in, started by decoder.ts: the file's bytes come over IPC, pixels or the reason why not
 * go back. It ends itself when it has taken too much.
 */
import { UserError } from '../errors.ts'
import { decodePixels, type Photo } from './photo.ts'

export type Answer =
  | { readonly photo: Photo }
  | { readonly refusal: { readonly message: string; readonly cure: string } }
  | { readonly defect: string }

/** Seconds of the processor, and MiB of memory: 100 megapixels of the costliest kind take 15 and 1300. */
const MOST_CPU = 90
const MOST_MEMORY = 3072

setInterval(() => {
  const { user, system } = process.cpuUsage()
  if ((user + system) / 1e6 > MOST_CPU || process.memoryUsage.rss() / 2 ** 20 > MOST_MEMORY) process.exit(1)
}, 250).unref()
process.on('disconnect', () => process.exit())
process.once('message', async (bytes: Uint8Array) => {
  const answer = await decodePixels(bytes).then(
    (photo): Answer => ({ photo }),
    (error): Answer =>
      error instanceof UserError
        ? { refusal: { message: error.message, cure: error.cure } }
        : { defect: error instanceof Error ? error.message : String(error) },
  )
  process.send?.(answer)
})
