/** halfturn worker with heads that cost nothing: `stub-worker QUEUE GENERATOR JOBS`. */

import { silent } from '../../src-main/cli/batch/crew.ts'
import { work } from '../../src-main/cli/batch/queue.ts'

const [url, generator, jobs] = process.argv.slice(2)
const asked = new AbortController()
process.on('SIGTERM', () => asked.abort())
await work(url, { generator }, Number(jobs), asked.signal, silent, new URL('stub-process.js', import.meta.url))
process.exit()
