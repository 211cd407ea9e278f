/** A process's side of the crew, see crew.ts: tasks come in, one at a time, and what became of them goes out. */
import { type Message, message } from '../../engine/errors.ts'
import type { Reporter } from '../reporter.ts'
import { type Answer, type Request, type StudioOptions, silent } from './crew.ts'
import { failureOf, type Maker, makeOne } from './make-one.ts'

/** @param open gives what makes heads, and why it runs where it runs; the process ends with whoever started it */
export async function serveCrew(
  open: (options: StudioOptions) => Promise<{ maker: Maker; reason: Message }>,
): Promise<void> {
  const tell = (answer: Answer, sent = () => {}) => process.send?.(answer, sent)
  let stopped = false
  process.on('disconnect', () => process.exit())
  // Whoever started it may have gone before it listened.
  if (!process.connected) process.exit()
  try {
    const { maker, reason } = await open(JSON.parse(process.argv[2]) as StudioOptions)
    process.on('message', async (request: Request) => {
      if (request === 'stop') {
        stopped = true
        return
      }
      const { name } = request.person
      const warn: Reporter['warn'] = (what, data) => tell({ warning: message('of-photo', { photo: name, what }), data })
      tell({ outcome: await makeOne(maker, request, () => !stopped, { ...silent, warn }) })
    })
    tell({ ready: reason })
  } catch (problem) {
    tell({ refusal: failureOf(problem) }, () => process.exit(1))
  }
}
