/**
 * Whose turn it is to run a network: one piece of work at a time, what a person waits for before what the engine does of
 * its own accord.
 */

/** `asked`: somebody waits for it. `spare`: it is done while nobody waits for anything. */
export type Rank = 'asked' | 'spare'

/** Has a piece of work done when its turn has come. */
export type RunInTurn = <T>(work: () => Promise<T>) => Promise<T>

/** Where nothing else runs. */
export const atOnce: RunInTurn = (work) => work()

export class Turns {
  private readonly waiting: Record<Rank, (() => Promise<void>)[]> = { asked: [], spare: [] }
  private running: Promise<void> | undefined
  /** What is asked for and takes several turns. */
  private readonly errands = new Set<Promise<unknown>>()

  /** Runs `work` when nothing else runs, and nothing of a higher rank waits. */
  take<T>(work: () => Promise<T>, rank: Rank = 'asked'): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting[rank].push(() => work().then(resolve, reject))
      this.running ??= this.run()
    })
  }

  /** Runs `work`, which takes several turns: nothing spare is done between them. It must not wait for what is spare. */
  async errand<T>(work: () => Promise<T>): Promise<T> {
    const errand = work()
    this.errands.add(errand)
    try {
      return await errand
    } finally {
      this.errands.delete(errand)
      this.running ??= this.run()
    }
  }

  /** Resolves when nothing runs and nothing waits. */
  async idle(): Promise<void> {
    while (this.running || this.errands.size > 0) await Promise.allSettled([this.running, ...this.errands])
  }

  private async run(): Promise<void> {
    // What is asked for at the same moment is there before the first turn is given.
    await undefined
    for (;;) {
      const next = this.waiting.asked.shift() ?? (this.errands.size === 0 ? this.waiting.spare.shift() : undefined)
      if (!next) break
      await next()
    }
    this.running = undefined
  }
}
