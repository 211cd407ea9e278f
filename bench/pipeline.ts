/**
 * The main job as a person runs it, default settings on the sample portrait: how long from photo to files, how much
 * memory, where the time goes, and when the head is first to be recognised; then what a step of the optimisation is made
 * of, and the density on its own.
 *
 * `npm run bench -- pipeline [--quality balanced] [--photo FILE] [--only command,recognisable,parts,steps]`
 */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { importCheckpoint } from '../src-main/engine/checkpoint/import.ts'
import { toFloat32 } from '../src-main/engine/checkpoint/safetensors.ts'
import { createPortraitNetworks, mattePortrait } from '../src-main/engine/face/matted-portrait.ts'
import { makePortrait } from '../src-main/engine/face/portrait.ts'
import { orbitCamera } from '../src-main/engine/generator/camera.ts'
import { Generator } from '../src-main/engine/generator/generator.ts'
import type { RenderOptions } from '../src-main/engine/generator/renderer.ts'
import { type Head, paintHead } from '../src-main/engine/head/head.ts'
import { headView } from '../src-main/engine/head/views.ts'
import { decodePixels } from '../src-main/engine/images/photo.ts'
import { toRgb } from '../src-main/engine/images/pictures.ts'
import { Inversion } from '../src-main/engine/inversion/inversion.ts'
import { inversionSettings } from '../src-main/engine/inversion/inversion-settings.ts'
import { readFaceRes } from '../src-main/engine/networks/faceres.ts'
import { createMatting } from '../src-main/engine/networks/matte.ts'
import { createLandmarker } from '../src-main/engine/networks/mediapipe.ts'
import { cosine, createRecognition } from '../src-main/engine/quality/likeness.ts'
import { type Assessment, pictureOf } from '../src-main/engine/quality/verdict.ts'
import { normalArray, uniformArray } from '../src-main/engine/random.ts'
import { Runtime } from '../src-main/engine/runtime/runtime.ts'
import { EMBEDDED, Library } from '../src-main/session/library.ts'
import { samplePath } from '../testing/sample.ts'
import { type Watched, watch } from './support/command.ts'
import { type Cost, type Recorder, startClock } from './support/recorder.ts'

const ROOT = join(import.meta.dirname, '..')
const POINTS = 1 << 20

export default async function pipeline(recorder: Recorder, options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: {
      quality: { type: 'string', default: 'balanced' },
      photo: { type: 'string', default: samplePath },
      only: { type: 'string', default: 'command,recognisable,parts,steps' },
    },
  })
  const wanted = values.only.split(',')
  recorder.add({ what: 'load average before', minute: loadavg()[0], five_minutes: loadavg()[1] })
  if (wanted.includes('command') || wanted.includes('recognisable')) {
    const done = await command(recorder, resolve(values.photo), values.quality)
    if (wanted.includes('recognisable')) await recognisable(recorder, resolve(values.photo), values.quality, done)
  }
  if (wanted.includes('parts')) await parts(recorder, resolve(values.photo))
  if (wanted.includes('steps')) await steps(recorder)
  recorder.add({ what: 'load average after', minute: loadavg()[0], five_minutes: loadavg()[1] })
}

/** The command itself, in a process of its own: all of it, and the parts its progress lines tell apart. */
async function command(recorder: Recorder, photo: string, quality: string): Promise<Watched['marks']> {
  const folder = await mkdtemp(join(tmpdir(), 'halfturn-bench-'))
  try {
    const { marks, total, peak } = await watch(
      ...['reconstruct', photo, '-o', folder, '--quality', quality, '--provider', 'cpu', '--seed', '0'],
    )
    recorder.add({ what: `photo to files, ${quality}`, ...total, peak_rss: Math.round(peak) })
    let before: Cost = { cpu: 0, wall: 0 }
    const since = (now: Cost) => ({ cpu: now.cpu - before.cpu, wall: now.wall - before.wall })
    const stage = (what: string, now: Cost, figures: object = {}) => {
      recorder.add({ what: `  ${what}`, ...since(now), ...figures })
      before = now
    }
    const labels = [...new Set(marks.filter(({ line }) => line.type === 'progress').map(({ line }) => line.label))]
    for (const label of labels) {
      const own = marks.filter(({ line }) => line.label === label)
      const [first, last] = [own[0], own.at(-1)!]
      if (label === 'surface') {
        // Its first line comes when the coarse grid is done; what is before it belongs to it.
        stage('surface', last)
        continue
      }
      // A phase's first step compiles its models.
      const what = before.wall === 0 ? `start, portrait, first step of ${label}` : `first step of ${label}`
      stage(what, first)
      const count = own.length - 1
      const { cpu, wall } = since(last)
      if (count > 0)
        stage(`${count} further steps of ${label}`, last, { cpu_a_step: cpu / count, wall_a_step: wall / count })
    }
    const assessed = marks.find(({ line }) => 'quality' in line)
    if (assessed) stage('evidence and likeness', assessed)
    stage('sheet, texture, files', total)
    return marks
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * After which step FaceRes sees the person half: its distance from the photo is half way between the average head's and the
 * finished one's. The steps are the command's own; what it had used by then is read off its marks.
 */
async function recognisable(recorder: Recorder, file: string, quality: string, marks: Watched['marks']): Promise<void> {
  const { figures } = marks.map(({ line }) => line.quality as Assessment | undefined).find((assessed) => assessed)!
  const steps = marks.filter(({ line }) => line.type === 'progress' && 'loss' in line)
  const runtime = await Runtime.create({ provider: 'cpu' })
  const { generator, file: stored } = await new Library(runtime, tmpdir()).load(EMBEDDED)
  const landmarker = await createLandmarker()
  const photo = await makePortrait(await decodePixels(await readFile(file)), {
    frame: generator.config.frame,
    landmarker,
  })
  landmarker.close()
  const portrait = await mattePortrait(photo, await createPortraitNetworks(runtime, photo.crop.size))
  const faceRes = await readFaceRes()
  const recognition = await createRecognition(runtime, faceRes)
  const wanted = await recognition.faceRes(pictureOf(portrait, generator.config.rendering_kwargs.white_back))
  const distance = async (head: Head) => {
    const { image } = await headView(generator, await paintHead(generator, head), head, head.label)
    return 1 - cosine(await recognition.faceRes({ size: Math.sqrt(image.length / 3), rgb: toRgb(image) }), wanted)
  }
  const average = await distance({ ws: generator.repeat(generator.meanLatent), label: photo.camera })
  const half = (average + 1 - figures.input.faceRes) / 2
  const context = { generator, extras: stored.extras, faceRes }
  const settings = inversionSettings.parse({ quality, seed: 0 })
  const inversion = await Inversion.start(context, [{ portrait, label: photo.camera }], settings)
  let step = 0
  while (!inversion.progress.done && (await distance(inversion.head)) > half) step = (await inversion.step()).step
  const { cpu, wall } = steps[Math.max(step, 1) - 1]
  recorder.add({ what: 'first recognisable head', cpu, wall, step, average, half })
  await runtime.dispose()
}

/** What comes before the first step, piece by piece. */
async function parts(recorder: Recorder, photo: string): Promise<void> {
  const runtime = await Runtime.create({ provider: 'cpu' })
  const once = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const clock = startClock()
    const result = await work()
    recorder.add({ what, ...clock() })
    return result
  }
  const { generator } = await once('read the embedded generator', () => new Library(runtime, tmpdir()).load(EMBEDDED))
  const decoded = await once('decode the photo', async () => decodePixels(await readFile(photo)))
  const landmarker = await once('load the landmarker', createLandmarker)
  const { frame } = generator.config
  await recorder.time('landmarks and crop', 3, () => makePortrait(decoded, { frame, landmarker }))
  const { crop } = await makePortrait(decoded, { frame, landmarker })
  const matting = await once('load the matting', () => createMatting(runtime, crop.size))
  await recorder.time('matte', 3, () => matting(crop))
  landmarker.close()
  await runtime.dispose()
}

/** Passes of the embedded generator, and of one of the official sizes where it is at hand. */
async function steps(recorder: Recorder): Promise<void> {
  // What the cores beside the first are worth.
  const alone = await Runtime.create({ provider: 'cpu', threads: 1 })
  const { generator: slow } = await new Library(alone, tmpdir()).load(EMBEDDED)
  await passes(recorder, 'embedded, 64² rays x (20 + 12), one thread', 3, slow, {
    resolution: 64,
    coarse: 20,
    fine: 12,
  })
  await alone.dispose()
  const runtime = await Runtime.create({ provider: 'cpu' })
  const { generator } = await new Library(runtime, tmpdir()).load(EMBEDDED)
  await passes(recorder, 'embedded, 64² rays x (20 + 12)', 3, generator, { resolution: 64, coarse: 20, fine: 12 })
  await passes(recorder, 'embedded, 128² rays x (48 + 48)', 1, generator, { resolution: 128, coarse: 48, fine: 48 })
  await density(recorder, 'embedded', generator)

  const shared = resolve(process.env.HALFTURN_SHARED ?? join(ROOT, '..', 'shared'))
  const pickle = join(shared, 'eg3d', 'goldens', 'official_thin', 'model.pkl')
  if (existsSync(pickle)) {
    const { config, weights } = importCheckpoint(await readFile(pickle), 'official_thin')
    const decoded = new Map([...weights].map(([name, t]) => [name, { shape: t.shape, data: toFloat32(t) }]))
    const official = new Generator(runtime, config, decoded)
    await passes(recorder, 'official sizes, thin, 32² rays x (16 + 16)', 1, official, {
      resolution: 32,
      coarse: 16,
      fine: 16,
    })
    await density(recorder, 'official sizes, thin', official)
  } else {
    recorder.add({ what: 'official sizes, thin', skipped: `${pickle} is not there; set HALFTURN_SHARED` })
  }
  await runtime.dispose()
}

async function passes(
  recorder: Recorder,
  what: string,
  times: number,
  generator: Generator,
  rays: RenderOptions,
): Promise<void> {
  const { resolution = 0, coarse = 0, fine = 0 } = rays
  const label = orbitCamera(generator.config.rendering_kwargs, 0.2)
  const ws = generator.repeat(generator.meanLatent)
  const jitter = {
    coarse: uniformArray(resolution * resolution * coarse, 1),
    fine: uniformArray(resolution * resolution * fine, 2),
  }
  const view = () => generator.view(ws, label, { ...rays, jitter })
  const { image } = await recorder.time(`${what}: forward`, times, view)
  const cotangent = { image: normalArray(image.length, 3, 1 / image.length) }
  await recorder.time(`${what}: forward + backward to the planes`, times, async () =>
    generator.backwardToPlanes(await view(), cotangent),
  )
  await recorder.time(`${what}: forward + backward to code and camera`, times, async () =>
    generator.backward(await view(), cotangent, { label: true }),
  )
}

async function density(recorder: Recorder, what: string, generator: Generator): Promise<void> {
  const planes = await generator.planes(generator.repeat(generator.meanLatent))
  const points = normalArray(POINTS * 3, 4, 0.2)
  const query = () => generator.renderer.query(generator.weights, planes, points, 'sigma')
  await recorder.time(`${what}: density`, 3, query, ({ cpu, wall }) => ({
    points_per_cpu_s: POINTS / cpu,
    points_per_s: POINTS / wall,
  }))
}
