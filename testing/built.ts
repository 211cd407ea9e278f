/** Processes as they are built for the tests: from source, each would be compiled anew. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { childProcess } from '../src-main/engine/images/decoder.ts'

const built = (name: string) => join(import.meta.dirname, '../out/cli', name)

export const builtEngine = built('engine-process.js')
export const builtDecoding = childProcess(pathToFileURL(built('decode-process.js')))
