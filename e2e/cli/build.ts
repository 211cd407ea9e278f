/** Builds what tests start as processes of their own: run from source, each would compile it anew. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

const build = () => {
  execFileSync(process.execPath, [join(import.meta.dirname, '../../scripts/build.mjs'), 'tests'], { stdio: 'inherit' })
}

export default function setup(project: TestProject): void {
  build()
  project.onTestsRerun(async () => build())
}
