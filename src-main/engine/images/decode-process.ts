/**
 * The process one photo is decoded in, see decoder.ts: the file's bytes come in one message, pixels or the reason why not
 * go back, and whoever asked ends it. It ends itself when it has taken too much.
 */
import type { ParentPort } from 'electron'
import { type Message, messageOf, UserError } from '../errors.ts'
import { decodePixels, type Photo } from './photo.ts'

export type DecodeAnswer = { readonly photo: Photo } | { readonly refusal: Message } | { readonly defect: string }

/** Seconds of the processor, and MiB of memory: an interlaced 16-bit PNG of 100 megapixels with alpha takes 7 and 1070. */
const MOST_CPU = 90
const MOST_MEMORY = 3072

setInterval(() => {
  const { user, system } = process.cpuUsage()
  if ((user + system) / 1e6 > MOST_CPU || process.memoryUsage.rss() / 2 ** 20 > MOST_MEMORY) process.exit(1)
}, 250).unref()

// In the desktop app it is a utility process.
const { parentPort } = process as { parentPort?: ParentPort }
if (parentPort) parentPort.once('message', async ({ data }) => parentPort.postMessage(await answerTo(data)))
else {
  process.on('disconnect', () => process.exit())
  process.once('message', async (bytes: Uint8Array) => process.send?.(await answerTo(bytes)))
}

function answerTo(bytes: Uint8Array): Promise<DecodeAnswer> {
  return decodePixels(bytes).then(
    (photo): DecodeAnswer => ({ photo }),
    (error): DecodeAnswer =>
      error instanceof UserError
        ? { refusal: messageOf(error) }
        : { defect: error instanceof Error ? error.message : String(error) },
  )
}
