/**
 * What people take away: the textured surface of the sample and of held-out heads, seen from the photo's camera against the
 * photo, and from the sides against the true head, beside the surface with a colour for each vertex and the rendering that
 * it is a copy of; how sharp its eyes are; its atlas, its files and what they cost.
 *
 * `npm run bench -- assets [--heads 4] [--first 900100] [--quality balanced] [--no-sample] [--kept]`
 *
 * Heads, pictures of the photo's view, one beside the other, the files, and what programs that are here make of them, are
 * kept in ~/.cache/halfturn-bench. With --kept the heads that lie there are taken and none is formed.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { programs } from '../e2e/opened/programs.ts'
import { eyeBlur } from '../src-main/engine/face/blur.ts'
import { TEMPLATE } from '../src-main/engine/face/template.ts'
import { project } from '../src-main/engine/generator/camera.ts'
import { type Head, paintHead } from '../src-main/engine/head/head.ts'
import { headField } from '../src-main/engine/head/head-field.ts'
import { readHead, writeHead } from '../src-main/engine/head/head-file.ts'
import { headView } from '../src-main/engine/head/views.ts'
import { toRgb } from '../src-main/engine/images/pictures.ts'
import { Inversion } from '../src-main/engine/inversion/inversion.ts'
import { inversionSettings } from '../src-main/engine/inversion/inversion-settings.ts'
import { cosine, psnr } from '../src-main/engine/quality/likeness.ts'
import { drawSurface } from '../src-main/engine/quality/textured.ts'
import { Runtime } from '../src-main/engine/runtime/runtime.ts'
import { formats } from '../src-main/engine/surface/formats/formats.ts'
import { fileChoices } from '../src-main/engine/surface/formats/options.ts'
import type { Surface } from '../src-main/engine/surface/mesh.ts'
import { rasterize } from '../src-main/engine/surface/rasterize.ts'
import { extractSurface } from '../src-main/engine/surface/surface.ts'
import { paintTexture, type Texture, textureSide } from '../src-main/engine/surface/texture/texture.ts'
import { bendToPhotos } from '../src-main/engine/surface/to-photos.ts'
import { samplePath } from '../testing/sample.ts'
import {
  alignmentOf,
  compare,
  intoReconstruction,
  type Kit,
  prepareKit,
  SIDE,
  shrinkView,
  type Taken,
  takeShot,
} from './support/judge.ts'
import { type Recorder, startClock } from './support/recorder.ts'
import { headOptions, seedsOf, type TrueHead, trueHeads } from './support/truth.ts'

const PICTURES = join(homedir(), '.cache', 'halfturn-bench')
/** Pixels next to the matte's outline, where it is soft and a surface is not. */
const EDGE = 4
/** Side of the photo's view. */
const SIZE = 512
const SURFACE = { resolution: 256, triangles: 60_000 }
const EYES = [
  [33, 133],
  [263, 362],
]

export default async function assets(recorder: Recorder, options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    allowNegative: true,
    options: {
      ...headOptions(4),
      quality: { type: 'string', default: 'balanced' },
      sample: { type: 'boolean', default: true },
      kept: { type: 'boolean', default: false },
    },
  })
  const runtime = await Runtime.create({ provider: 'cpu' })
  const kit = await prepareKit(runtime)
  const seeds = seedsOf(values)
  const settings = inversionSettings.parse({ quality: values.quality })
  const headOf = async (name: string, taken: Taken) => {
    const path = join(PICTURES, `assets-${name}-${values.quality}.head`)
    const { generator } = kit.context
    if (values.kept) return readHead(await readFile(path), generator).head
    const head = await form(kit, settings, taken)
    await writeFile(path, Buffer.concat(writeHead(head, generator, [{ portrait: taken.portrait, label: head.label }])))
    return head
  }
  const measure = async (name: string, photo: Uint8Array, truth?: TrueHead) => {
    const taken = await takeShot(kit, photo, false)
    await judge(recorder, kit, name, taken, await headOf(name, taken), truth)
  }
  if (values.sample) await measure('sample', await readFile(samplePath))
  for (const head of await trueHeads(seeds)) await measure(`${head.seed}`, head.photos[0], head)
  kit.landmarker.close()
  await runtime.dispose()
}

async function form(kit: Kit, settings: Inversion['settings'], taken: Taken): Promise<Head> {
  const inversion = await Inversion.start(kit.context, [taken], settings)
  while (!inversion.progress.done) await inversion.step()
  return inversion.head
}

async function judge(
  recorder: Recorder,
  kit: Kit,
  name: string,
  taken: Taken,
  head: Head,
  truth?: TrueHead,
): Promise<void> {
  const { generator } = kit.context
  const planes = await paintHead(generator, head)
  const photos = [{ portrait: taken.portrait, label: head.label }]
  const straight = headField(generator, planes)
  const fitting = startClock()
  const field = (await bendToPhotos(straight, photos))(straight)
  recorder.add({ what: `${name} bend`, cpu: fitting().cpu })
  const surface = await extractSurface(field, SURFACE)
  const clock = startClock()
  const texture = await paintTexture(surface, field, photos, textureSide(SIZE), generator.config.frame)
  const { cpu } = clock()

  const { image } = await headView(generator, planes, head, head.label, { side: SIZE })
  const rendered = toRgb(image)
  const views = {
    textured: drawSurface(surface, head.label, SIZE, texture),
    vertices: drawSurface(surface, head.label, SIZE),
    ...(rendered.length === 3 * SIZE ** 2 && { rendering: rendered }),
  }
  const { triangle } = rasterize(surface, head.label, SIZE)
  await againstPhoto(recorder, kit, name, taken, head.label, views, triangle)
  recorder.add({ what: `${name} texture`, cpu, ...atlasFigures(surface, texture) })
  const model = { surface, provenance: PROVENANCE, texture: async () => texture, tell: () => {} }
  for (const [format, chosen] of WRITTEN) {
    const writing = startClock()
    const files = await (await formats[format].load())({ ...model, choices: fileChoices.parse(chosen) }, name)
    const bytes = files.reduce((sum, [, { length }]) => sum + length, 0)
    const what = [name, format, ...Object.values(chosen)].join(' ')
    recorder.add({ what, megabytes: bytes / 1e6, cpu: writing().cpu })
    if (Object.keys(chosen).length > 0) continue
    for (const [extension, contents] of files) await writeFile(join(PICTURES, `${name}.${extension}`), contents)
  }
  for (const [program, { open, reads }] of Object.entries(programs)) {
    for (const format of reads) {
      const picture = await open(PICTURES, `${name}.${format}`, head.label, SIZE / 2)
      const mine = drawSurface(surface, head.label, SIZE / 2, texture)
      recorder.add({
        what: `${name} ${format} in ${program}`,
        psnr_to_ours: psnr(picture, mine, new Uint8Array((SIZE / 2) ** 2).fill(1)),
      })
    }
  }
  if (truth) await againstTruth(recorder, kit, truth, taken, { head, planes, surface, texture })
}

const WRITTEN = [
  ['glb', {}],
  ['glb', { textureFormat: 'webp', compression: 'meshopt' }],
  ['obj', {}],
  ['usdz', {}],
  ['3mf', {}],
] as const
const PROVENANCE = { generated: true, generatorName: 'bench', generatorHash: '', settings: {} } as const

async function againstPhoto(
  recorder: Recorder,
  { recognition, context }: Kit,
  name: string,
  { portrait }: Taken,
  label: Float32Array,
  views: Readonly<Record<string, Uint8Array>>,
  shown: Int32Array,
): Promise<void> {
  const { rgb, matte, valid, size } = portrait
  if (size !== SIZE) throw new Error(`The crop has ${size} pixels a side, not ${SIZE}.`)
  const onWhite = (picture: Uint8Array) =>
    picture.map((value, i) => Math.round(matte[Math.trunc(i / 3)] * value + (1 - matte[Math.trunc(i / 3)]) * 255))
  const weight = matte.map((alpha, i) => alpha * valid[i])
  // Where the head's outline lies inside the photo's there is nothing to be coloured.
  const covered = weight.map((value, i) => (shown[i] >= 0 ? value : 0))
  const isHead = headIn(label, size)
  const ofHead = weight.map((value, i) => (isHead(i) ? value : 0))
  const parts = errorParts(matte, shown, size, isHead)
  const inside = covered.map((value, i) => (parts[i] === 'inside' ? value : 0))
  const wanted = await recognition.faceRes({ size, rgb: onWhite(rgb) })
  const { frame } = context.generator.config
  const eyes = EYES.map((landmarks) => {
    const corners = TEMPLATE[frame].filter(({ landmark }) => landmarks.includes(landmark))
    const seen = corners.map(({ position: [x, y, z] }) => project(label, x, y, z))
    return [0, 1].map((axis) => (size * seen.reduce((sum, at) => sum + at[axis], 0)) / seen.length)
  }) as [number[], number[]]
  const blur = (picture: Uint8Array) => eyeBlur({ width: size, height: size, rgb: picture }, eyes)
  recorder.add({ what: `${name} photo`, eye_blur: blur(rgb) })
  for (const [what, picture] of Object.entries(views)) {
    recorder.add({
      what: `${name} ${what}`,
      psnr: psnr(picture, rgb, weight),
      psnr_of_head: psnr(picture, rgb, ofHead),
      psnr_on_surface: psnr(picture, rgb, covered),
      psnr_inside: psnr(picture, rgb, inside),
      faceres: 1 - cosine(wanted, await recognition.faceRes({ size, rgb: picture })),
      eye_blur: blur(picture),
    })
  }
  recorder.add({ what: `${name} where the squared error lies`, ...sharesOfError(views.textured, rgb, weight, parts) })
  /** Pixels of the head that one of the outlines holds and the other does not. */
  const between = (isBetween: (i: number) => boolean) =>
    matte.reduce((sum, _, i) => sum + (valid[i] && isHead(i) && isBetween(i) ? 1 : 0), 0)
  recorder.add({
    what: `${name} outline`,
    matte_without_surface: between((i) => matte[i] >= 0.5 && shown[i] < 0),
    surface_without_matte: between((i) => matte[i] < 0.5 && shown[i] >= 0),
  })
  const cells = [rgb, ...Object.values(views)].map((picture, i) => ({
    input: Buffer.from(picture),
    raw: { width: size, height: size, channels: 3 as const },
    left: i * size,
    top: 0,
  }))
  await sharp({ create: { width: cells.length * size, height: size, channels: 3, background: '#ffffff' } })
    .composite(cells)
    .toFile(join(PICTURES, `assets-${name}.png`))
}

/** Where neck and head end, world units: below the first is the bust, below the second what lies this far to the side. */
const NECK = { bottom: -0.3, top: -0.18, side: 0.17 }

/** Whether a pixel is of head and neck, if it is of the person: clothes go on where the bust is cut off. */
function headIn(label: Float32Array, size: number): (pixel: number) => boolean {
  const place = (x: number, y: number) => project(label, x, y, 0).map((at) => at * size)
  const [, bottom] = place(0, NECK.bottom)
  const [middle, top] = place(0, NECK.top)
  const half = Math.abs(place(NECK.side, NECK.top)[0] - middle)
  return (pixel) => {
    const [x, y] = [(pixel % size) + 0.5, Math.trunc(pixel / size) + 0.5]
    return y < top || (y < bottom && Math.abs(x - middle) < half)
  }
}

type ErrorPart = 'bust_beside_the_surface' | 'head_beside_the_surface' | 'at_the_outline' | 'inside'

/** What of the matte each pixel is: without a surface, of the bust or not; with one, near the matte's outline or not. */
function errorParts(
  matte: Float32Array,
  shown: Int32Array,
  size: number,
  isHead: (pixel: number) => boolean,
): ErrorPart[] {
  const isEdge = (i: number) => {
    const [x, y] = [i % size, Math.trunc(i / size)]
    for (let dy = -EDGE; dy <= EDGE; dy++) {
      for (let dx = -EDGE; dx <= EDGE; dx++) {
        const [there, below] = [x + dx, y + dy]
        if (there < 0 || below < 0 || there >= size || below >= size) continue
        if (matte[below * size + there] < 0.5) return true
      }
    }
    return false
  }
  return Array.from(matte, (_, i) => {
    if (shown[i] >= 0) return isEdge(i) ? 'at_the_outline' : 'inside'
    return isHead(i) ? 'head_beside_the_surface' : 'bust_beside_the_surface'
  })
}

/** Of the whole squared error inside the matte. */
function sharesOfError(picture: Uint8Array, rgb: Uint8Array, weight: Float32Array, parts: readonly ErrorPart[]) {
  const sums = { bust_beside_the_surface: 0, head_beside_the_surface: 0, at_the_outline: 0, inside: 0 }
  for (let i = 0; i < rgb.length; i++) {
    sums[parts[Math.trunc(i / 3)]] += weight[Math.trunc(i / 3)] * (picture[i] - rgb[i]) ** 2
  }
  const whole = Object.values(sums).reduce((a, b) => a + b)
  return Object.fromEntries(Object.entries(sums).map(([part, sum]) => [part, sum / whole]))
}

/** Texels and triangles: how much of the square the charts take, the largest of them, and what a texel is of the face. */
function atlasFigures({ positions, triangles }: Surface, { atlas, colours }: Texture) {
  const side = Math.sqrt(colours.length / 3)
  const { uvs, corners } = atlas
  let [all, face] = [0, 0]
  let onSurface = 0
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = corners.subarray(t, t + 3)
    const area =
      ((uvs[2 * b] - uvs[2 * a]) * (uvs[2 * c + 1] - uvs[2 * a + 1]) -
        (uvs[2 * c] - uvs[2 * a]) * (uvs[2 * b + 1] - uvs[2 * a + 1])) /
      2
    all += area
    const [p, q, r] = [...triangles.subarray(t, t + 3)].map((vertex) => positions.subarray(3 * vertex, 3 * vertex + 3))
    // The face without its sides: where a portrait shows it well.
    if (p[2] < 0.1 || Math.abs(p[1]) > 0.2) continue
    face += area
    const [e, f] = [q, r].map((to) => [0, 1, 2].map((k) => to[k] - p[k]))
    onSurface += Math.hypot(e[1] * f[2] - e[2] * f[1], e[2] * f[0] - e[0] * f[2], e[0] * f[1] - e[1] * f[0]) / 2
  }
  const millimetres = 400
  return {
    side,
    charts: atlas.charts,
    used: all,
    front_of_face: face,
    texels_per_mm: Math.sqrt(face / onSurface) * (side / millimetres),
  }
}

async function againstTruth(
  recorder: Recorder,
  kit: Kit,
  truth: TrueHead,
  { window }: Taken,
  {
    head,
    planes,
    surface,
    texture,
  }: { head: Head; planes: Parameters<typeof headView>[1]; surface: Surface; texture: Texture },
): Promise<void> {
  const aligned = await alignmentOf(kit, truth, window, head)
  if (!aligned) return
  for (const full of truth.views.filter(({ degrees }) => [30, 60].includes(Math.abs(degrees)))) {
    const view = await shrinkView(full)
    const label = intoReconstruction(view.label, aligned.matrix)
    const weight = view.depth.map((depth) => (depth > 0 ? 1 : 0))
    const { image } = await headView(kit.context.generator, planes, head, label, { side: SIDE })
    const pictures = {
      textured: drawSurface(surface, label, SIDE, texture),
      vertices: drawSurface(surface, label, SIDE),
      rendering: new Uint8Array(
        await sharp(toRgb(image), {
          raw: { width: Math.sqrt(image.length / 3), height: Math.sqrt(image.length / 3), channels: 3 },
        })
          .resize(SIDE, SIDE, { kernel: 'mitchell' })
          .raw()
          .toBuffer(),
      ),
    }
    for (const [what, picture] of Object.entries(pictures)) {
      const { depth_mm: _, ...figures } = await compare(kit, picture, view.rgb, weight, Number.NaN)
      recorder.add({ what: `${truth.seed} ${what} ${view.degrees}`, ...figures })
    }
  }
}
