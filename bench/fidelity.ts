/**
 * How true a head is to the person, from the photo's side and from all others: held-out heads of the procedural head
 * model, photographed as in the wild, go through the whole product; the truth is the model itself. Compared are the mean
 * head, the code read off the photo (reader), the latent stage alone (latent), plain pivotal tuning from there (pti), the
 * finished head (halfturn), its surface with the photo on it (painted), and one made of two or three photos (photos-2,
 * photos-3).
 *
 * `npm run bench -- fidelity [--heads 20] [--first 900100] [--methods mean,latent,pti,halfturn,painted] [--quality balanced]
 * [--steps N] [--disturb] [--generator FILE] [--threads N]`; --disturb turns the camera by 3 degrees and widens the crop
 * by 5 % first, as a mistaken landmark would; two runs side by side want one thread each. Pictures of truth and
 * reconstruction are kept in ~/.cache/halfturn-bench.
 */
import { parseArgs } from 'node:util'
import { z } from 'zod'
import type { PosedPortrait } from '../src-main/engine/face/posed-portrait.ts'
import { alone, Finish } from '../src-main/engine/finish.ts'
import type { Head } from '../src-main/engine/head/head.ts'
import { startingCode } from '../src-main/engine/inversion/encoder.ts'
import { Inversion } from '../src-main/engine/inversion/inversion.ts'
import type { InversionContext } from '../src-main/engine/inversion/inversion-context.ts'
import { inversionSettings } from '../src-main/engine/inversion/inversion-settings.ts'
import { plans } from '../src-main/engine/inversion/schedule.ts'
import type { Painted } from '../src-main/engine/quality/turnaround.ts'
import { compareHeads, judgeHead, type Kit, type Measured, type Taken, takeShot } from './support/judge.ts'
import { tunePlainly } from './support/plain-tuning.ts'
import { type Cost, type Recorder, startClock } from './support/recorder.ts'
import { headOptions, seedsOf, type TrueHead, trueHeads } from './support/truth.ts'

const METHODS = ['mean', 'reader', 'latent', 'pti', 'halfturn', 'painted', 'photos-2', 'photos-3'] as const
type Method = (typeof METHODS)[number]
/** The surface that is judged. */
const MESH = { resolution: 192, triangles: 60_000 }

export default async function fidelity(recorder: Recorder, options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: {
      ...headOptions(20),
      quality: { type: 'string', default: 'balanced' },
      steps: { type: 'string' },
      methods: { type: 'string', default: 'mean,latent,pti,halfturn,painted' },
      disturb: { type: 'boolean', default: false },
      generator: { type: 'string' },
      threads: { type: 'string' },
    },
  })
  const settings = inversionSettings.parse({
    quality: values.quality,
    ...(values.steps && { steps: Number(values.steps) }),
  })
  const methods = values.methods.split(',').map((name) => z.enum(METHODS).parse(name))
  const photos = methods.includes('photos-3') ? 3 : methods.includes('photos-2') ? 2 : 1
  const seeds = seedsOf(values)
  const heads = await trueHeads(seeds, photos)
  const { quality } = settings
  await compareHeads(recorder, { ...values, heads, quality }, (kit, head) =>
    measureHead(kit, head, settings, { methods, disturb: values.disturb }),
  )
}

async function measureHead(
  kit: Kit,
  head: TrueHead,
  settings: Inversion['settings'],
  { methods, disturb }: { methods: readonly Method[]; disturb: boolean },
): Promise<Measured[]> {
  const { context } = kit
  const { generator, extras } = context
  const shots: Taken[] = []
  for (const photo of head.photos) shots.push(await takeShot(kit, photo, disturb))
  const [first] = shots
  const { portrait: target, label } = first
  const measured: Measured[] = []
  const judge = async (
    method: Method,
    found: Head,
    cost: Cost,
    { assessment, painted }: Pick<Measured, 'assessment'> & { painted?: Painted } = {},
  ) => {
    if (!methods.includes(method)) return
    measured.push({ method, cost, assessment, ...(await judgeHead(kit, head, first, found, method, painted)) })
  }

  await judge('mean', { ws: generator.repeat(generator.meanLatent), label }, { cpu: 0, wall: 0 })
  const starting = startClock()
  const ws = await startingCode(generator, extras, target)
  await judge('reader', { ws, label }, starting())

  if ((['latent', 'pti', 'halfturn', 'painted'] as const).some((method) => methods.includes(method))) {
    const { latent, inversion, cost } = await invert(context, [first], settings)
    const finish = finishOf(kit, inversion)
    await judge('halfturn', inversion.head, cost, { assessment: await finish.quality(MESH) })
    if (methods.includes('painted')) {
      const painted = { surface: await finish.surface(MESH), texture: await finish.texture(MESH) }
      await judge('painted', inversion.head, cost, { painted })
    }
    if (latent) await judge('latent', latent.head, latent.cost)
    if (latent && methods.includes('pti')) {
      const tuning = startClock()
      await tunePlainly(generator, context.faceRes, target, latent.head, plans[settings.quality], async () => {
        const { cpu, wall } = tuning()
        await judge('pti', latent.head, { cpu: cpu + latent.cost.cpu, wall: wall + latent.cost.wall })
      })
    }
  }
  for (const count of [2, 3] as const) {
    if (!methods.includes(`photos-${count}`)) continue
    // The first stays the first, turned or not: the input view is its view.
    const together = await invert(context, shots.slice(0, count), settings)
    await judge(`photos-${count}`, together.inversion.head, together.cost)
  }
  return measured
}

/** What the product makes of the head in the end. */
const finishOf = ({ context: { generator }, sha256, landmarker }: Kit, { head, photos }: Inversion) =>
  new Finish(
    { generator, sha256, head, photos },
    alone(async () => landmarker),
  )

/** The whole job, and what the latent stage had found. */
async function invert(context: InversionContext, shots: readonly PosedPortrait[], settings: Inversion['settings']) {
  const clock = startClock()
  const inversion = await Inversion.start(context, shots, settings)
  let latent: { head: Head; cost: Cost } | undefined
  while (!inversion.progress.done) {
    const before = { head: inversion.head, cost: clock() }
    const { phase } = await inversion.step()
    if (phase === 'shape') latent ??= before
  }
  return { latent, inversion, cost: clock() }
}
