/** Says at the end of a test run what took longest. */
import type { Reporter, TestModule, Vitest } from 'vitest/node'

const LISTED = 10

export class SlowestTests implements Reporter {
  private vitest: Vitest | undefined

  onInit(vitest: Vitest): void {
    this.vitest = vitest
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = modules.flatMap((module) => timesOf(module)).sort((a, b) => b.milliseconds - a.milliseconds)
    const lines = rows.slice(0, LISTED).map(({ name, milliseconds }) => {
      return `${(milliseconds / 1000).toFixed(1).padStart(7)} s  ${name}`
    })
    if (lines.length > 0) this.vitest?.logger.log(`\n The slowest:\n${lines.join('\n')}`)
  }
}

/** Of a file's tests, and of what stands before and after them. */
function timesOf(module: TestModule): { name: string; milliseconds: number }[] {
  const tests = [...module.children.allTests()].map((test) => ({
    name: `${module.relativeModuleId} > ${test.fullName}`,
    milliseconds: test.diagnostic()?.duration ?? 0,
  }))
  const inTests = tests.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  const around = module.diagnostic().duration - inTests
  return [...tests, { name: `${module.relativeModuleId}, around its tests`, milliseconds: around }]
}
