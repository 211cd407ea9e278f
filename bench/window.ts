/**
 * The window as a person meets it, in the desktop app on the sample portrait: how soon it answers, whether it stays
 * fluent while a head of default settings forms, what its processes hold, how fast the volume turns.
 *
 * `npm run build && npm run bench -- window`, with a display (without one: under `xvfb-run -a`). Drawn by the software
 * renderer and computed by the processor, whatever else there is: the slowest machine there may be.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { type DesktopLaunched, launchDesktop } from '../e2e/launch.ts'
import { samplePath } from '../testing/sample.ts'
import { median, type Recorder, startClock } from './support/recorder.ts'

const ROOT = join(import.meta.dirname, '..')
const WARM_TIMES = 3
const SIDE = 512
/** Milliseconds of turning: to settle at a resolution, and to be counted. */
const SETTLE = 6000
const TURN = 12_000
const LOOK = 400
/** Between two looks at whether the stage shows something, milliseconds. */
const POLL = 4
const PATIENCE = 20 * 60_000

interface Estimate {
  at: number
  left: number
  phase: string
}

/** What the window notes of itself; times in seconds of its own clock. */
interface Seen {
  blocks: { at: number; lasted: number }[]
  previews: { at: number; took: number }[]
  /** What it said was left, and what it was at. */
  estimates: Estimate[]
}

/** From this part of a job on its estimate is to be trusted. */
const TRUSTED = 0.1

export default async function window(recorder: Recorder): Promise<void> {
  recorder.add({ what: 'load average before', minute: loadavg()[0], five_minutes: loadavg()[1] })
  const data = await mkdtemp(join(tmpdir(), 'halfturn-bench-'))
  const started = startClock()
  const launched = await launchDesktop(data)
  try {
    const { page } = launched
    await page.getByText('Runs on').waitFor()
    recorder.add({ what: 'start to engine ready', wall: started().wall })
    await poses(recorder, page)
    await forming(recorder, launched)
    await turning(recorder, page)
  } finally {
    await launched.close()
    await rm(data, { recursive: true, force: true })
  }
  await packaged(recorder)
  recorder.add({ what: 'load average after', minute: loadavg()[0], five_minutes: loadavg()[1] })
}

/** From the file's arrival in the window to the frame that shows the pose. */
async function poses(recorder: Recorder, page: Page): Promise<void> {
  recorder.add({ what: 'drop to pose shown, cold', wall: await drop(page) })
  const warm: number[] = []
  for (let i = 0; i < WARM_TIMES; i++) {
    await page.getByRole('button', { name: 'New head' }).click()
    warm.push(await drop(page))
  }
  recorder.add({ what: 'drop to pose shown, warm', wall: median(warm), slowest: Math.max(...warm) })
}

/** @returns seconds */
async function drop(page: Page): Promise<number> {
  await page.getByRole('button', { name: 'Choose a photo' }).waitFor()
  const shown = page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        let began = 0
        document.getElementById('file-input')?.addEventListener(
          'change',
          () => {
            began = performance.now()
          },
          { once: true, capture: true },
        )
        const observer = new MutationObserver(() => {
          if (!document.querySelector('.axes')) return
          observer.disconnect()
          requestAnimationFrame(() => resolve((performance.now() - began) / 1000))
        })
        observer.observe(document.body, { subtree: true, childList: true })
      }),
  )
  await page.locator('#file-input').setInputFiles(samplePath)
  return shown
}

/** A default reconstruction, with what the window and its processes go through meanwhile. */
async function forming(recorder: Recorder, { app, page }: DesktopLaunched): Promise<void> {
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.evaluate(() => {
    const seen: Seen = { blocks: [], previews: [], estimates: [] }
    Object.assign(window, { seen })
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) {
        seen.blocks.push({ at: startTime / 1000, lasted: duration / 1000 })
      }
    }).observe({ type: 'longtask' })
    new MutationObserver((records) => {
      for (const { target } of records) {
        const { latency, left } = (target as HTMLElement).dataset
        const at = performance.now() / 1000
        if (latency) seen.previews.push({ at, took: Number(latency) / 1000 })
        const phase = document.querySelector('.phase')?.textContent ?? ''
        if (left) seen.estimates.push({ at, left: Number(left), phase })
      }
    }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ['data-latency', 'data-left'] })
  })
  const began = await now(page)
  const clock = startClock()
  await page.getByRole('button', { name: 'Form the head', exact: true }).click()
  await page.getByText('Show as').waitFor({ timeout: PATIENCE })
  const { wall } = clock()
  // Asked for while the head is being judged.
  recorder.add({ what: 'surface, click to first frame, while it is judged', wall: await choose(page, 'Surface') })
  const { blocks, previews, estimates } = await page.evaluate(() => (window as unknown as { seen: Seen }).seen)
  recorder.add({ what: 'default reconstruction, button to head', wall })
  const latencies = previews.map(({ took }) => took)
  recorder.add({
    what: 'preview, engine to window',
    wall: median(latencies),
    slowest: Math.max(...latencies),
    previews: latencies.length,
  })
  // A stage's first picture waits for the graphics context and for its shaders.
  const settled = previews[1]?.at ?? 0
  const longest = (list: typeof blocks) => Math.max(0, ...list.map(({ lasted }) => lasted))
  const later = blocks.filter(({ at }) => at > settled)
  recorder.add({
    what: 'event loop of the window while forming',
    longest_block_at_first_picture: longest(blocks.filter(({ at }) => at <= settled)),
    longest_block_after: longest(later),
    blocks_over_50_ms_after: later.length,
  })
  const judging = startClock()
  await page.locator('.verdict p').waitFor({ timeout: PATIENCE })
  recorder.add({ what: 'head to verdict', wall: judging().wall, verdict: await page.locator('.verdict').innerText() })
  const whole = (await now(page)) - began
  timeLeft(recorder, estimates, began, whole)
  await page.locator('.stage[data-painted=true]').waitFor({ timeout: PATIENCE })
  for (const mode of ['Depth', 'Head', 'Surface'] as const) {
    recorder.add({ what: `${mode.toLowerCase()}, click to first frame`, wall: await choose(page, mode) })
  }
  await choose(page, 'Head')

  const processes = await app.evaluate(({ app }) => app.getAppMetrics())
  for (const { type, name, memory } of processes) {
    const what = { Browser: 'main', Tab: 'window', GPU: 'GPU (software)' }[type as string] ?? name ?? type
    recorder.add({ what: `memory, ${what}`, peak_rss: Math.round(memory.peakWorkingSetSize / 1024) })
  }
}

/** How far what was said was off, in parts of the whole job; where it was worst; and how long steps were. */
function timeLeft(recorder: Recorder, estimates: readonly Estimate[], began: number, whole: number): void {
  const errors = estimates
    .filter(({ at }) => at - began >= TRUSTED * whole)
    .map(({ at, left, phase }) => ({ error: (at - began + left) / whole - 1, phase, after: (at - began) / whole }))
    .toSorted((a, b) => Math.abs(a.error) - Math.abs(b.error))
  const worst = errors.at(-1)!
  recorder.add({
    what: 'time left, off by',
    median: median(errors.map(({ error }) => Math.abs(error))),
    most: Math.abs(worst.error),
    said: errors.length,
    most_is: worst.error > 0 ? 'too long' : 'too short',
    most_in: worst.phase,
    most_after: worst.after,
  })
  for (const phase of new Set(estimates.map(({ phase }) => phase))) {
    const steps = estimates.flatMap((estimate, i) =>
      i > 0 && estimate.phase === phase ? [estimate.at - estimates[i - 1].at] : [],
    )
    recorder.add({ what: `a step of ${phase}`, first: steps[0], median: median(steps), slowest: Math.max(...steps) })
  }
}

const now = (page: Page) => page.evaluate(() => performance.now() / 1000)

/** Has the head shown as something else. @returns seconds until the frame that shows it */
function choose(page: Page, mode: 'Head' | 'Surface' | 'Depth'): Promise<number> {
  return page.evaluate(
    ({ mode, POLL }) =>
      new Promise<number>((resolve) => {
        const stage = document.querySelector<HTMLElement>('.stage')!
        const labels = [...document.querySelectorAll('.segments label')]
        const { frames } = stage.dataset
        const began = performance.now()
        labels
          .find((label) => label.textContent === mode)!
          .querySelector('input')!
          .click()
        // Nothing here may have a name: what runs this file as it is marks functions by a helper that the page lacks.
        const timer = setInterval(() => {
          const isSurface = stage.querySelector('.stage-surface canvas') !== null
          if (mode === 'Surface' ? !isSurface : stage.dataset.frames === frames) return
          clearInterval(timer)
          requestAnimationFrame(() => resolve((performance.now() - began) / 1000))
        }, POLL)
      }),
    { mode, POLL },
  )
}

async function turning(recorder: Recorder, page: Page): Promise<void> {
  await page.evaluate((side) => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(`.stage { inset: 0 auto auto 0; width: ${side}px; height: ${side}px }`)
    document.adoptedStyleSheets = [sheet]
  }, SIDE)
  const turntable = page.getByRole('button', { name: 'Turntable', exact: true })
  if ((await turntable.getAttribute('aria-pressed')) !== 'true') await turntable.click()
  await page.waitForTimeout(SETTLE)
  const stage = page.locator('.stage')
  const rates: number[] = []
  const shares: number[] = []
  const clock = startClock()
  while (clock().wall * 1000 < TURN) {
    const { fps, scale } = await stage.evaluate((element: HTMLElement) => ({ ...element.dataset }))
    rates.push(Number(fps))
    shares.push(Number(scale))
    await page.waitForTimeout(LOOK)
  }
  recorder.add({
    what: `volume turning, ${SIDE}² stage`,
    frames_per_second: median(rates),
    resolution_share: median(shares),
  })
}

async function packaged(recorder: Recorder): Promise<void> {
  const dist = join(ROOT, 'dist')
  const folders = existsSync(dist) ? (await readdir(dist)).filter((name) => /unpacked$|^mac/.test(name)) : []
  if (folders.length === 0) recorder.add({ what: 'packaged app', skipped: 'dist/ holds none; npm run pack makes it' })
  for (const folder of folders) {
    const entries = await readdir(join(dist, folder), { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile())
    const sizes = await Promise.all(
      files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
    )
    const mebibytes = sizes.reduce((sum, size) => sum + size, 0) / 2 ** 20
    recorder.add({ what: `packaged app, ${folder}`, size: Math.round(mebibytes), files: files.length })
  }
}
