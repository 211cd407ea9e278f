/**
 * What each term beside the photo does for a head: the same pivots tuned with none of them, with each alone, with all,
 * and with all but each, compared with the truth as in fidelity.
 *
 * `npm run bench -- terms [--heads 4] [--first 900100] [--quality fast] [--threads N]`.
 */
import { parseArgs } from 'node:util'
import { Inversion } from '../src-main/engine/inversion/inversion.ts'
import { inversionSettings } from '../src-main/engine/inversion/inversion-settings.ts'
import { DEFAULT_TERMS, type Terms } from '../src-main/engine/inversion/terms/terms.ts'
import { compareHeads, judgeHead, type Kit, type Measured, type Taken, takeShot } from './support/judge.ts'
import { type Recorder, startClock } from './support/recorder.ts'
import { headOptions, seedsOf, type TrueHead, trueHeads } from './support/truth.ts'

const { mirror, ...views } = DEFAULT_TERMS.views
const { prior, sides } = DEFAULT_TERMS.detail

/** All terms but those of the detail and the mirror, and these where they are named. */
const withTerms = (...names: readonly string[]): Terms => ({
  ...DEFAULT_TERMS,
  views: { ...views, ...(names.includes('mirror') && { mirror }) },
  detail: { ...(names.includes('colour') && { sides }), ...(names.includes('prior') && { prior }) },
})

const groups = ['prior', 'colour', 'mirror']

const variants: Readonly<Record<string, Terms>> = {
  none: withTerms(),
  ...Object.fromEntries(groups.map((name) => [`only ${name}`, withTerms(name)])),
  ...Object.fromEntries(
    groups.map((name) => [`without ${name}`, withTerms(...groups.filter((other) => other !== name))]),
  ),
  all: DEFAULT_TERMS,
}

export default async function terms(recorder: Recorder, options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: {
      ...headOptions(4),
      quality: { type: 'string', default: 'fast' },
      threads: { type: 'string' },
    },
  })
  const settings = inversionSettings.parse({ quality: values.quality })
  const heads = await trueHeads(seedsOf(values))
  const { quality } = settings
  await compareHeads(recorder, { ...values, heads, quality }, (kit, head) => measureHead(kit, head, settings))
}

async function measureHead(kit: Kit, head: TrueHead, settings: Inversion['settings']): Promise<Measured[]> {
  const { context, sha256 } = kit
  const photo = await takeShot(kit, head.photos[0], false)
  const { pivot, found } = await findPivot(kit, photo, settings)
  const measured = [
    { method: 'pivot', cost: { cpu: 0, wall: 0 }, ...(await judgeHead(kit, head, photo, found, 'pivot')) },
  ]
  for (const [method, terms] of Object.entries(variants)) {
    const clock = startClock()
    const job = await Inversion.resume({ ...context, terms }, pivot, method, sha256)
    while (!job.progress.done) await job.step()
    const cost = clock()
    measured.push({ method, cost, ...(await judgeHead(kit, head, photo, job.head, method.replaceAll(' ', '-'))) })
  }
  return measured
}

/** The job as it stands before the detail stage's first step. */
async function findPivot({ context, sha256 }: Kit, photo: Taken, settings: Inversion['settings']) {
  const job = await Inversion.start(context, [photo], settings)
  while (true) {
    const pivot = new Uint8Array(Buffer.concat(job.checkpoint(sha256)))
    const found = job.head
    const { phase } = await job.step()
    if (phase === 'detail') return { pivot, found }
  }
}
