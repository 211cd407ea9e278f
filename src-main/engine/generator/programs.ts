/** The programs of one purpose, described and compiled when they are first asked for. */
import { type Tensor, writeModel } from '../graph/index.ts'
import type { Program, Runtime } from '../runtime/runtime.ts'

export class Programs {
  private readonly runtime: Runtime
  private readonly programs = new Map<string, Promise<Program>>()

  constructor(runtime: Runtime) {
    this.runtime = runtime
  }

  get(key: string, describe: () => Record<string, Tensor>): Promise<Program> {
    let program = this.programs.get(key)
    if (!program) {
      program = this.runtime.compile(writeModel(describe()))
      this.programs.set(key, program)
    }
    return program
  }
}
