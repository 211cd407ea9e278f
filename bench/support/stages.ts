/** Splits a pass into its models: CPU seconds in each, what is left is the host's own work. */
import type { Model } from '../../src-main/engine/graph/index.ts'
import type { Program, Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { type Cost, type Recorder, startClock } from './recorder.ts'

export class Stages {
  private readonly spent = new Map<string, Cost & { runs: number }>()

  /** Watches every program that the runtime compiles from now on. */
  constructor(runtime: Runtime) {
    const compile = runtime.compile.bind(runtime)
    runtime.compile = async (model: Model) => {
      const clock = startClock()
      const program = await compile(model)
      this.add(`compile ${labelOf(model)}`, clock())
      return this.watched(program)
    }
  }

  /** Runs the work once and records what its models took. */
  async record(recorder: Recorder, what: string, work: () => Promise<unknown>): Promise<void> {
    this.spent.clear()
    const clock = startClock()
    await work()
    const rest = clock()
    for (const [stage, { cpu, wall, runs }] of this.spent) {
      recorder.add({ what: `  ${what} / ${stage}`, cpu, wall, runs })
      rest.cpu -= cpu
      rest.wall -= wall
    }
    recorder.add({ what: `  ${what} / host`, ...rest })
  }

  private watched(program: Program): Program {
    const label = labelOf(program.model)
    return new Proxy(program, {
      get: (target, key) => {
        if (key !== 'run') return Reflect.get(target, key)
        return async (...given: Parameters<Program['run']>) => {
          const clock = startClock()
          const result = await target.run(...given)
          this.add(label, clock())
          return result
        }
      },
    })
  }

  private add(stage: string, { cpu, wall }: Cost): void {
    const sum = this.spent.get(stage) ?? { cpu: 0, wall: 0, runs: 0 }
    this.spent.set(stage, { cpu: sum.cpu + cpu, wall: sum.wall + wall, runs: sum.runs + 1 })
  }
}

/** A model is told by its outputs. */
function labelOf({ outputs }: Pick<Model, 'outputs'>): string {
  const names = outputs.map(({ name }) => name)
  return names.length > 4 ? `${names.slice(0, 3).join(' ')} ...` : names.join(' ')
}
