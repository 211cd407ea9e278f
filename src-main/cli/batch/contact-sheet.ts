/** All heads of a batch at a glance: a page to sort and filter, and one picture with the worst first. */
import sharp, { type OverlayOptions } from 'sharp'
import { say } from '../../words/message.ts'
import { spoken, words } from '../../words/terminal.ts'
import { SHEET } from '../head-files.ts'
import type { Storage } from './storage/storage.ts'
import { type Result, type Standing, standingOf, standings } from './table.ts'

const COLOURS: Readonly<Record<Standing, string>> = {
  error: '#8a8f98',
  failed: '#d0453c',
  uncertain: '#e0a526',
  front: '#8fb13f',
  good: '#3c9a5f',
}

const { page: text } = words.cli

const sheetOf = (name: string) => `${name}/${name}.${SHEET}`

/** @returns HTML that shows the sheets where they lie, in the folders beside it */
export function drawPage(results: readonly Result[]): string {
  const cards = results.map((result) => {
    const { person, record } = result
    const standing = standingOf(result)
    const path = person.name.split('/').map(encodeURIComponent).join('/')
    const link = standing === 'error' ? '' : sheetOf(path)
    const picture = link && `<a href="${link}"><img loading="lazy" src="${link}" alt=""></a>`
    const likeness = (record.quality?.figures.input as { identity?: number } | undefined)?.identity ?? 9
    const said = record.error ?? record.quality?.reason
    const why = said ? say(words, said, 'cli') : { text: '' }
    return (
      `<li class="${standing}" data-verdict="${standings.indexOf(standing)}" data-person="${escaped(person.name)}" ` +
      `data-likeness="${likeness}" data-seconds="${record.seconds}">${picture}` +
      `<b>${escaped(person.name)}</b> <i>${text.standings[standing]}</i><p>${escaped(why.text)} ${escaped(why.cure ?? '')}</p></li>`
    )
  })
  const count = (standing: Standing) => results.filter((result) => standingOf(result) === standing).length
  const filters = standings.map(
    (standing) =>
      `<label><input type="checkbox" checked value="${standing}"> ${text.standings[standing]} ${count(standing)}</label>`,
  )
  const sorts = Object.entries(text.sorts).map(([key, name]) => `<option value="${key}">${name}</option>`)
  return `<!doctype html>
<html lang="${spoken}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${text.title(results.length)}</title>
<style>
body { font: 14px system-ui, sans-serif; margin: 1rem; background: #f4f5f7; color: #1b1d21 }
header { display: flex; flex-wrap: wrap; gap: 1rem; align-items: baseline; margin-bottom: 1rem }
h1 { font-size: 1.2rem; margin: 0 }
ul { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(24rem, 1fr)); gap: 1rem }
li { background: #fff; border-left: 6px solid; padding: .5rem; overflow-wrap: anywhere }
img { width: 100%; aspect-ratio: 5 / 2; object-fit: contain; display: block; margin-bottom: .3rem }
p { margin: .2rem 0 0; color: #4d525b }
${standings.map((standing) => `li.${standing} { border-color: ${COLOURS[standing]} }`).join('\n')}
</style>
<header><h1>${text.title(results.length)}</h1>
<label>${text.sortBy} <select>${sorts.join('')}</select></label>${filters.join('')}</header>
<ul>
${cards.join('\n')}
</ul>
<script>
const list = document.querySelector('ul')
const select = document.querySelector('select')
const sort = () => {
  const key = select.value
  const order = (a, b) => key === 'person'
    ? a.dataset.person.localeCompare(b.dataset.person, undefined, { numeric: true })
    : a.dataset[key] - b.dataset[key]
  list.append(...[...list.children].sort(order))
}
select.addEventListener('change', sort)
for (const box of document.querySelectorAll('input')) {
  box.addEventListener('change', () => {
    for (const item of document.querySelectorAll('li.' + box.value)) item.hidden = !box.checked
  })
}
sort()
</script>
</html>
`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => ENTITIES[sign])

/** Pixels: of the picture's side at most, of a photo or head in it at most and at least. */
const MOST = 8192
const CELL = { most: 160, least: 16 }
/** Heads have their names under them where there is room. */
const NAMED = 96
/** Cells of a sheet, which has so many in a row: the photo, and the head from the front, after the head as the photo saw it. */
const SHEET_COLUMNS = 5
const FRAME = 3

/**
 * @param read gives a file among the results
 * @returns a PNG: of each person the photo and the head from the front, framed by verdict, the worst first
 */
export async function drawPicture(read: Storage['read'], results: readonly Result[]): Promise<Uint8Array> {
  const columns = Math.ceil(Math.sqrt(results.length / 2))
  const rows = Math.ceil(results.length / columns)
  const side = Math.max(CELL.least, Math.min(CELL.most, Math.floor(MOST / Math.max(2 * columns, rows)) - FRAME))
  const label = side >= NAMED ? 20 : 0
  const [width, height] = [2 * side + FRAME, side + label + FRAME]
  const page = { width: columns * width + FRAME, height: rows * height + FRAME }
  const canvas = Buffer.alloc(3 * page.width * page.height, 0xff)
  const rank = (result: Result) => standings.indexOf(standingOf(result))
  const sorted = results.toSorted((a, b) => rank(a) - rank(b))
  for (const [i, result] of sorted.entries()) {
    const cell = await drawCell(read, result, width + FRAME, height + FRAME, side)
    const [left, top] = [(i % columns) * width, Math.floor(i / columns) * height]
    const stride = 3 * (width + FRAME)
    for (let row = 0; row < height + FRAME; row++) {
      cell.copy(canvas, 3 * ((top + row) * page.width + left), row * stride, (row + 1) * stride)
    }
  }
  return sharp(canvas, { raw: { ...page, channels: 3 } })
    .png()
    .toBuffer()
}

async function drawCell(
  read: Storage['read'],
  result: Result,
  width: number,
  height: number,
  side: number,
): Promise<Buffer> {
  const { person } = result
  const background = COLOURS[standingOf(result)]
  const layers: OverlayOptions[] = []
  const bytes = standingOf(result) === 'error' ? undefined : await read(sheetOf(person.name))
  if (bytes) {
    const sheet = sharp(bytes)
    const cell = (await sheet.metadata()).width / SHEET_COLUMNS
    for (const [place, index] of [0, person.photos.length + 1].entries()) {
      const at = { left: (index % SHEET_COLUMNS) * cell, top: Math.floor(index / SHEET_COLUMNS) * cell }
      const input = await sheet
        .clone()
        .extract({ ...at, width: cell, height: cell })
        .resize(side, side)
        .toBuffer()
      layers.push({ input, left: FRAME + place * side, top: FRAME })
    }
  }
  if (height - side > 2 * FRAME) {
    const text = `<text x="${FRAME + 2}" y="${side + FRAME + 14}">${escaped(person.name)}</text>`
    const style = 'font: 12px sans-serif; fill: #fff'
    const input = Buffer.from(`<svg width="${width}" height="${height}" style="${style}">${text}</svg>`)
    layers.push({ input, left: 0, top: 0 })
  }
  return sharp({ create: { width, height, channels: 3, background } })
    .composite(layers)
    .removeAlpha()
    .raw()
    .toBuffer()
}
