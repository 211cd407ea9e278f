/** A job on a GPU, from the sample portrait to a head: what its steps take by phase, and what they leave the GPU to wait for. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Inversion } from '../../src-main/engine/inversion/inversion.ts'
import { inversionSettings } from '../../src-main/engine/inversion/inversion-settings.ts'
import type { Phase, Quality } from '../../src-main/engine/inversion/schedule.ts'
import type { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { startMeter } from './gpu-meter.ts'
import { prepareKit, takeShot } from './judge.ts'
import { type Cost, median, peakMemory, type Recorder, startClock } from './recorder.ts'

export const SAMPLE = join(import.meta.dirname, '..', '..', 'resources', 'sample-portrait.jpg')

interface Step extends Cost {
  readonly phase: Phase
  /** MB that crossed. */
  readonly up: number
  readonly down: number
  /** Seconds inside the provider's runs. */
  readonly inRuns: number
}

/** @param steps fewer than the quality's own, for a software adapter */
export async function measureJob(
  recorder: Recorder,
  runtime: Runtime,
  quality: Quality,
  steps: number | undefined,
): Promise<void> {
  const whole = startClock()
  const kit = await prepareKit(runtime)
  const taken = await takeShot(kit, await readFile(SAMPLE), false)
  const inversion = await Inversion.start(kit.context, [taken], inversionSettings.parse({ quality, steps }))
  recorder.add({ what: `${quality}: networks, portrait, first code`, ...whole() })
  const readMeter = startMeter()
  const forming = startClock()
  const made: Step[] = []
  const tell = (phase: Phase) => {
    const all = made.filter((step) => step.phase === phase)
    recorder.add({ what: `${quality}: a step of ${phase}`, ...figuresOf(all) })
  }
  while (!inversion.progress.done) {
    const before = runtime.traffic
    const clock = startClock()
    const { phase } = await inversion.step()
    const { up, down, seconds } = runtime.traffic
    const crossed = { up: (up - before.up) / 1e6, down: (down - before.down) / 1e6 }
    const last = made.at(-1)?.phase
    if (last && last !== phase) tell(last)
    made.push({ phase, ...crossed, inRuns: seconds - before.seconds, ...clock() })
  }
  await inversion.settle('head')
  const formed = forming()
  tell(made[made.length - 1].phase)
  const inRuns = made.reduce((sum, step) => sum + step.inRuns, 0) / formed.wall
  const { busy, memory } = readMeter() ?? {}
  recorder.add({
    what: `${quality}: all steps`,
    ...{ steps: made.length, ...formed, in_runs: inRuns, peak_rss: peakMemory() },
    ...(busy !== undefined && memory !== undefined && { gpu_busy: busy, gpu_mib: memory }),
  })
  kit.landmarker.close()
}

/** Medians; in its first steps a phase compiles its models and brings what stays. */
function figuresOf(steps: readonly Step[]) {
  const later = steps.slice(Math.min(steps.length - 1, 4))
  const of = (figure: (step: Step) => number) => median(later.map(figure))
  return {
    steps: steps.length,
    ...{ wall: of(({ wall }) => wall), cpu: of(({ cpu }) => cpu), in_runs: of(({ inRuns, wall }) => inRuns / wall) },
    ...{ up_mb: of(({ up }) => up), down_mb: of(({ down }) => down) },
  }
}
