/** Builds what tests start as processes of their own. */
import type { TestProject } from 'vitest/node'
import { buildCommand } from '../../testing/command.ts'

export default function setup(project: TestProject): void {
  buildCommand('tests')
  project.onTestsRerun(async () => buildCommand('tests'))
}
