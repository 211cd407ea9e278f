/** What a training run shows while it goes: a line on the terminal, a table of losses, a chart of them, a sheet of heads. */
import { appendFile, readFile } from 'node:fs/promises'
import sharp from 'sharp'
import type { GeneratorConfig } from '../../src-main/engine/checkpoint/config.ts'
import { writeFileAtomic } from '../../src-main/engine/files/atomic.ts'
import { orbitCamera } from '../../src-main/engine/generator/camera.ts'
import { Generator, type Weights } from '../../src-main/engine/generator/generator.ts'
import { withoutFrame } from '../../src-main/engine/head/views.ts'
import type { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { colourOnWhite, type RecordedPicture, type RecordedView } from './records.ts'
import type { TermValues } from './trainer.ts'

/** One line, drawn over itself on a terminal: how far the run is, and the loss' terms. */
export function progressLine(share: number, steps: number, terms: TermValues): string {
  const width = 24
  const filled = Math.round(Math.min(1, share) * width)
  const values = Object.entries(terms).map(([name, value]) => `${name} ${value.toFixed(4)}`)
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${Math.round(share * 100)} %  step ${steps}  ${values.join('  ')}`
}

const COLUMNS = [
  'loss',
  'colour',
  'mask',
  'depth',
  'smoothness',
  'picture',
  'edges',
  'perceptual',
  'emptiness',
  'squares',
  'adversarial',
  'discriminator',
  'penalty',
  'occupancy',
] as const

/** Appends a row to the table of losses and draws the chart beside it again. */
export async function recordLosses(path: string, steps: number, seconds: number, terms: TermValues): Promise<void> {
  const table = await readFile(path, 'utf8').catch(() => '')
  const row = [steps, seconds.toFixed(0), ...COLUMNS.map((name) => terms[name]?.toFixed(5) ?? '')].join()
  await appendFile(path, `${table ? '' : `${['step', 'seconds', ...COLUMNS].join()}\n`}${row}\n`)
  const rows = `${table}${row}`.split('\n').filter((line) => /^\d/.test(line))
  await writeFileAtomic(path.replace(/\.csv$/, '.svg'), chart(rows.map((line) => line.split(',').map(Number))))
}

const COLOURS = [
  '#333',
  '#c2410c',
  '#0f766e',
  '#1d4ed8',
  '#a3a3a3',
  '#9333ea',
  '#be185d',
  '#65a30d',
  '#0891b2',
  '#ca8a04',
  '#e11d48',
  '#4338ca',
  '#78716c',
  '#b45309',
]

/** Every term against the steps, on a logarithmic scale. */
function chart(rows: readonly (readonly number[])[]): string {
  const [width, height] = [720, 360]
  const values = rows.flatMap((row) => row.slice(2)).filter((value) => value > 0)
  const [low, high] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))]
  const last = rows.at(-1)![0]
  const x = (step: number) => 10 + ((width - 110) * step) / last
  const y = (value: number) => 10 + ((height - 40) * (high - Math.log(value))) / (high - low || 1)
  const lines = COLUMNS.flatMap((name, i) => {
    const points = rows.filter((row) => row[2 + i] > 0)
    const end = points.at(-1)
    if (!end) return []
    const line = points.map((row) => `${x(row[0]).toFixed(1)},${y(row[2 + i]).toFixed(1)}`).join(' ')
    return [
      `<polyline fill="none" stroke="${COLOURS[i]}" points="${line}"/>`,
      `<text x="${x(end[0]) + 5}" y="${y(end[2 + i]) + 4}" fill="${COLOURS[i]}">${name} ${end[2 + i].toPrecision(3)}</text>`,
    ]
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="11">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    ...lines,
    `<text x="10" y="${height - 8}">step 0 to ${last}</text>`,
    '</svg>',
  ].join('\n')
}

/** Cameras of a preview: degrees around the head. */
const YAWS = [0, 40, 90, 180]

/**
 * A sheet of heads, one a row: what was recorded from the front, then the generator's views all round.
 * @param rows a code each, and the recorded view it belongs to where there is one
 */
export async function writeSheet(
  path: string,
  runtime: Runtime,
  config: GeneratorConfig,
  weights: Weights,
  rows: readonly { readonly z?: Float32Array; readonly w?: Float32Array; readonly view?: RecordedView }[],
  samples: { readonly coarse?: number; readonly fine?: number } = {},
): Promise<void> {
  const generator = new Generator(runtime, config, weights)
  const side = config.image_resolution
  const columns = YAWS.length + 1
  const tiles: { input: Buffer; raw: { width: number; height: number; channels: 3 }; left: number; top: number }[] = []
  const place = (pixels: Uint8Array, size: number, column: number, row: number) =>
    sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
      .resize(side, side)
      .raw()
      .toBuffer()
      .then((input) =>
        tiles.push({ input, raw: { width: side, height: side, channels: 3 }, left: column * side, top: row * side }),
      )
  for (const [row, { z, w, view }] of rows.entries()) {
    if (view) await place(onWhite(view), view.size, 0, row)
    const ws = generator.repeat(w ?? (await generator.map(z!, new Float32Array(config.c_dim))))
    const planes = await generator.planes(ws)
    for (const [column, yaw] of YAWS.entries()) {
      const label = orbitCamera(config.rendering_kwargs, (yaw * Math.PI) / 180)
      const image = withoutFrame(await generator.view(ws, label, { ...samples, planes }))
      await place(toPixels(image, side), side, column + 1, row)
    }
  }
  const sheet = sharp({
    create: { width: side * columns, height: side * rows.length, channels: 3, background: '#fff' },
  })
  await writeFileAtomic(path, await sheet.composite(tiles).png({ palette: true, effort: 9 }).toBuffer())
}

/** [3, side, side] in -1..1 to RGB bytes. */
export function toPixels(image: Float32Array, side: number): Uint8Array {
  const area = side * side
  return Uint8Array.from({ length: 3 * area }, (_, i) =>
    Math.min(255, Math.max(0, Math.round(image[(i % 3) * area + Math.floor(i / 3)] * 127.5 + 127.5))),
  )
}

/** A recorded picture as RGB bytes, on white. */
export function onWhite(view: RecordedPicture): Uint8Array {
  const colours = new Float32Array(view.mask.length * 3)
  for (let i = 0; i < view.mask.length; i++) colourOnWhite(view, i, colours, i * 3)
  return Uint8Array.from(colours, (value) => Math.round(value * 255))
}
