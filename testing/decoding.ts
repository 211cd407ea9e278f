/** The decoder's process as it is built: from source, it would be compiled for every photo. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { childProcess } from '../src-main/engine/images/decoder.ts'

export const builtDecoding = childProcess(pathToFileURL(join(import.meta.dirname, '../out/cli/decode-process.js')))
