/** Jobs with a stand-in for the inversion: every transition, and whatever order commands come in. */
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { Progress } from '../engine/inversion/inversion.ts'
import type { JobState } from './api.ts'
import { type Forming, Job } from './job.ts'
import { type JobCommand, transitions } from './job-state.ts'

/** Makes a step when the test lets it. */
class StandIn implements Forming {
  progress: { step: number; steps: number }
  waiting: { make(): void; fail(error: Error): void } | undefined
  underWay = 0

  constructor(step: number, steps: number) {
    this.progress = { step, steps }
  }

  set steps(count: number) {
    this.progress = { ...this.progress, steps: count }
  }

  step(): Promise<Progress> {
    if (++this.underWay > 1) throw new Error('two loops on one inversion')
    return new Promise<Progress>((resolve, reject) => {
      // Once: a step is made or fails when it is told to, whoever tells it again.
      this.waiting = {
        make: () => {
          this.waiting = undefined
          this.progress = { ...this.progress, step: this.progress.step + 1 }
          resolve({ ...this.progress, phase: 'code', loss: 1, terms: { perceptual: 0 } })
        },
        fail: (error) => {
          this.waiting = undefined
          reject(error)
        },
      }
    }).finally(() => {
      this.underWay--
    })
  }
}

/** A job of 3 steps and all that it tells. */
function bench(state: JobState = 'none', step = 0) {
  const told: string[] = []
  let saves = 0
  let time = 0
  let head = step > 0
  const made: StandIn[] = []
  const job = new Job<StandIn>(
    {
      hasHead: () => head,
      turn: (work) => work(),
      advanced: () => {
        head = true
      },
      show: async () => {},
      changed: (error) => told.push(error ? `${job.view.job.state}: ${error.message}` : job.view.job.state),
      save: async () => {
        saves++
      },
      log: () => {},
      now: () => time,
    },
    { state, step, steps: state === 'none' ? 0 : 3 },
    Array.from({ length: step }, () => 1),
  )
  const prepare = vi.fn(async () => {
    made.push(new StandIn(0, 3))
    return made.at(-1)!
  })
  /** From a checkpoint, which may be older than the record. */
  const reread = vi.fn(async () => {
    made.push(new StandIn(step, 3))
    return made.at(-1)!
  })
  const latest = async () =>
    vi.waitFor(() => made.at(-1)!.waiting ?? Promise.reject(), { interval: 1, timeout: 600_000 })
  const commands: Record<JobCommand, () => Promise<unknown>> = {
    start: () => job.start(prepare),
    resume: () => job.resume(reread),
    pause: () => job.pause(),
    cancel: () => job.cancel(),
    setSteps: () => job.setSteps(5),
    edit: () => job.edit(async () => {}),
  }
  const letStep = async () => {
    const { step } = job.view.job
    const waiting = await latest()
    waiting.make()
    await expect.poll(() => job.view.job.step, { interval: 1 }).toBeGreaterThan(step)
  }
  return {
    ...{ job, told, prepare, reread, commands, latest, letStep, made },
    state: () => job.view.job.state,
    saves: () => saves,
    pass: (milliseconds: number) => {
      time += milliseconds
    },
    /** Lets the step under way be made, so that what waits for the loop's end goes on. */
    settle: async () => made.at(-1)?.waiting?.make(),
  }
}

/** Brings a fresh job there. */
const ways: Record<JobState, () => Promise<ReturnType<typeof bench>>> = {
  none: async () => bench(),
  running: async () => {
    const it = bench()
    await it.commands.start()
    await it.letStep()
    await it.latest()
    return it
  },
  paused: async () => {
    const it = await ways.running()
    await it.commands.pause()
    await it.settle()
    return it
  },
  interrupted: async () => bench('interrupted', 1),
  failed: async () => {
    const it = await ways.running()
    ;(await it.latest()).fail(new Error('out of memory'))
    await expect.poll(() => it.state(), { interval: 1 }).toBe('failed')
    return it
  },
  done: async () => {
    const it = await ways.running()
    await it.letStep()
    await it.letStep()
    await expect.poll(() => it.state(), { interval: 1 }).toBe('done')
    return it
  },
}

const sentences = { busy: 'The head is forming.', idle: 'Nothing is forming.' }
const states = Object.keys(ways) as JobState[]
const commands = ['start', 'resume', 'pause', 'cancel', 'setSteps', 'edit'] as const

describe.each(states)('a job that is %s', (state) => {
  test.each(commands)('%s leads where the table says', async (command) => {
    const it = await ways[state]()
    const to = transitions[state][command]
    const told = it.told.length
    const asked = it.commands[command]()
    if (to === 'busy' || to === 'idle') {
      await expect(asked).rejects.toThrow(sentences[to])
      expect(it.state()).toBe(state)
    } else {
      await Promise.all([asked, it.settle()])
      expect(it.state()).toBe(to === 'ended' ? (state === 'none' ? 'none' : 'done') : to)
      // Where there is nothing to do, nobody is told of a change.
      if (to === state && command !== 'setSteps') expect(it.told).toHaveLength(told)
    }
  })

  test('is closed without being changed, and then refuses everything', async () => {
    const it = await ways[state]()
    await Promise.all([it.job.close(), it.settle()])
    expect(it.state()).toBe(state)
    for (const command of commands) await expect(it.commands[command]()).rejects.toThrow('put away')
    expect(it.made.at(-1)?.underWay ?? 0).toBe(0)
  })
})

test('what only a defect could do is called one', async () => {
  const { transition } = await import('./job-state.ts')
  expect(() => transition('none', 'finish', true)).toThrow('A job that is none cannot finish.')
})

test('of two starts at once one succeeds and the other is refused', async () => {
  const it = bench()
  const [first, second] = await Promise.allSettled([it.commands.start(), it.commands.start()])
  expect(first.status).toBe('fulfilled')
  expect(second).toMatchObject({ status: 'rejected', reason: { message: 'The head is forming.' } })
  expect(it.made).toHaveLength(1)
})

test.each(['interrupted', 'paused', 'failed'] as const)(
  'two resumes of a job that is %s start one loop',
  async (state) => {
    const it = await ways[state]()
    const before = it.made.length
    await Promise.all([it.commands.resume(), it.commands.resume(), it.settle()])
    await it.latest()
    expect(it.state()).toBe('running')
    expect(it.made.length - before).toBe(state === 'paused' ? 0 : 1)
    expect(it.made.at(-1)!.underWay).toBe(1)
  },
)

test('a start that cannot be prepared leaves everything as it was', async () => {
  const it = await ways.done()
  const before = it.job.view
  const told = it.told.length
  it.prepare.mockRejectedValueOnce(new Error('no such network'))
  await expect(it.commands.start()).rejects.toThrow('no such network')
  expect(it.job.view).toEqual(before)
  expect(it.told).toHaveLength(told)
  await it.commands.start()
  expect(it.state()).toBe('running')
})

test('a checkpoint that is missing leaves an interrupted job where it is, and it can be begun anew', async () => {
  const it = bench('interrupted', 2)
  it.reread.mockRejectedValueOnce(new Error('The checkpoint is missing.'))
  await expect(it.commands.resume()).rejects.toThrow('missing')
  expect(it.state()).toBe('interrupted')
  await it.commands.start()
  expect(it.job.view).toEqual({ job: { state: 'running', step: 0, steps: 3 }, likeness: [] })
})

test('cancelled while it starts, it ends as soon as it has', async () => {
  const it = bench()
  const all = Promise.all([it.commands.start(), it.commands.cancel()])
  ;(await it.latest()).make()
  await all
  expect(it.told).toEqual(['running', 'none'])
  expect(it.job.view.likeness).toEqual([])
})

test('closed while it starts, it goes on in the next process', async () => {
  const it = bench()
  const all = Promise.all([it.commands.start(), it.job.close()])
  ;(await it.latest()).make()
  await all
  expect(it.job.view.job).toEqual({ state: 'running', step: 1, steps: 3 })
  expect(it.made[0].underWay).toBe(0)
})

test('a step that fails is told with its reason, once, and what there was stays', async () => {
  const it = await ways.failed()
  expect(it.told).toEqual(['running', 'failed: out of memory'])
  expect(it.job.view).toEqual({ job: { state: 'failed', step: 1, steps: 3 }, likeness: [1] })
})

test('a step that fails after the job was cancelled concerns nobody', async () => {
  const it = await ways.running()
  const waiting = await it.latest()
  const cancelled = it.commands.cancel()
  waiting.fail(new Error('out of memory'))
  await cancelled
  expect(it.told).toEqual(['running', 'done'])
})

test('after a pause at the last step no further one is made', async () => {
  const it = await ways.running()
  await it.letStep()
  const waiting = await it.latest()
  await it.commands.pause()
  waiting.make()
  await expect.poll(() => it.job.view.job.step, { interval: 1 }).toBe(3)
  await it.commands.resume()
  await expect.poll(() => it.state(), { interval: 1 }).toBe('done')
  expect(it.job.view.likeness).toHaveLength(3)
})

test('steps given while it forms count, and never fewer than one more than were made', async () => {
  const it = await ways.running()
  await it.job.setSteps(1)
  expect(it.job.view.job.steps).toBe(2)
  await it.job.setSteps(9)
  expect(it.made[0].progress.steps).toBe(9)
})

test('it is saved when it begins, every five seconds, and when it ends', async () => {
  const it = bench()
  await it.commands.start()
  await it.latest()
  expect(it.saves()).toBe(1)
  await it.letStep()
  await it.latest()
  expect(it.saves()).toBe(1)
  it.pass(5001)
  await it.letStep()
  await it.latest()
  expect(it.saves()).toBe(2)
  await it.letStep()
  await expect.poll(() => it.saves(), { interval: 1 }).toBe(3)
})

test('whatever is asked in whatever order, there is one loop, and likeness and steps agree', async () => {
  const act = fc.constantFrom(...commands, 'step', 'fail', 'breathe')
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 25 }), async (acts) => {
      const it = bench()
      const asked: Promise<unknown>[] = []
      for (const what of acts) {
        const waiting = it.made.at(-1)?.waiting
        if (what === 'step') waiting?.make()
        else if (what === 'fail') waiting?.fail(new Error('out of memory'))
        else if (what === 'breathe') await new Promise((resolve) => setImmediate(resolve))
        else asked.push(it.commands[what]().catch(() => {}))
      }
      const closed = it.job.close()
      let isClosed = false
      closed.then(() => {
        isClosed = true
      })
      while (!isClosed) {
        for (const forming of it.made) forming.waiting?.make()
        await new Promise((resolve) => setImmediate(resolve))
      }
      await Promise.all(asked)
      const { job, likeness } = it.job.view
      expect(it.made.filter(({ underWay }) => underWay > 0)).toEqual([])
      expect(it.told.filter((line) => line.includes('two loops'))).toEqual([])
      expect(likeness.length).toBe(job.step)
    }),
    { numRuns: 300, examples: [[['start', 'breathe', 'pause', 'step', 'resume']]] },
  )
})
