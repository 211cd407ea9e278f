/** The one loop that drives an inversion, whoever wants the head: it steps, tells of it, and saves now and then. */
import { setImmediate as breathe } from 'node:timers/promises'
import type { Progress } from './inversion.ts'

interface LoopHost {
  /** Whether another step is wanted; asked before every one, for there may be more of them to make by now. */
  goesOn(): boolean
  /** One step; nothing where it was of no use any more. */
  step(): Promise<Progress | undefined>
  show(progress: Progress, secondsPerStep: number): Promise<void>
  save(): Promise<void>
  /** Milliseconds. */
  now(): number
}

/** Milliseconds between two saves. */
const SAVE_EVERY = 5000
/** The time a step takes is the mean of this many last ones. */
const PACE_STEPS = 12

export async function runLoop(host: LoopHost): Promise<void> {
  let saved = host.now()
  const times: number[] = []
  while (host.goesOn()) {
    const began = host.now()
    const progress = await host.step()
    if (!progress) break
    times.push(host.now() - began)
    if (times.length > PACE_STEPS) times.shift()
    await host.show(progress, times.reduce((sum, time) => sum + time, 0) / times.length / 1000)
    if (host.now() - saved > SAVE_EVERY) {
      await host.save()
      saved = host.now()
    }
    // A step blocks the event loop: messages and signals get in between two.
    await breathe()
  }
  // What is finished too: what comes now may fail for want of space.
  await host.save()
}
