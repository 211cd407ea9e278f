/**
 * What a person needs who sees little or uses no mouse, checked in the window as it stands: contrast as WCAG 2.2 asks for
 * at level AA (1.4.3, 1.4.11), names for everything that can be focused, and a visible way round with Tab.
 */
import type { Page } from '@playwright/test'

const MOST_TABS = 120

/** Shows both appearances in turn. @returns what is wrong, in words; empty where nothing is */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  const problems = await nameless(page)
  // Colours are to be themselves at once.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  const before = await page.evaluate(() => document.documentElement.dataset.theme ?? '')
  for (const theme of ['light', 'dark']) {
    await page.evaluate((theme) => {
      document.documentElement.dataset.theme = theme
    }, theme)
    const found = [...(await page.evaluate(lowContrast)), ...(await tabThrough(page))]
    problems.push(...found.map((problem) => `${theme}: ${problem}`))
  }
  await page.evaluate((theme) => {
    document.documentElement.dataset.theme = theme
  }, before)
  return [...new Set(problems)]
}

/** What the browser itself tells a screen reader. */
async function nameless(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page)
  const { nodes } = await session.send('Accessibility.getFullAXTree')
  await session.detach()
  const isWithout = ({ ignored, role, name, properties }: (typeof nodes)[number]) =>
    !ignored &&
    role?.value !== 'RootWebArea' &&
    properties?.some((property) => property.name === 'focusable' && property.value.value === true) &&
    !String(name?.value ?? '').trim()
  return nodes.filter(isWithout).map(({ role }) => `a ${role?.value} has no name`)
}

/** Goes round with Tab: everything that can be focused has its turn, and shows it. */
async function tabThrough(page: Page): Promise<string[]> {
  await page.evaluate(beginRound)
  const problems: string[] = []
  for (let i = 0; i < MOST_TABS; i++) {
    await page.keyboard.press('Tab')
    const { again, problem } = await page.evaluate(visitFocused)
    if (problem) problems.push(problem)
    if (again) break
  }
  const missed = await page.evaluate(notVisited)
  return [...problems, ...missed.map((control) => `Tab does not reach ${control}`)]
}

// What follows runs in the page, each function on its own: what two of them need hangs on `window`.

interface Helpers {
  contrast(a: number[], b: number[]): number
  colourOf(text: string): number[]
  over(top: number[], bottom: number[]): number[]
  /** The colours that may lie behind a point of an element: two where a picture does. */
  behind(element: Element, x: number, y: number): number[][] | undefined
  describe(element: Element): string
  visited: Set<Element>
}

declare global {
  interface Window {
    accessibility: Helpers
  }
}

export function install(): void {
  const canvas = new OffscreenCanvas(1, 1)
  const context = canvas.getContext('2d', { willReadFrequently: true })!
  const colourOf = (text: string) => {
    context.clearRect(0, 0, 1, 1)
    context.fillStyle = text
    context.fillRect(0, 0, 1, 1)
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data
    return [r, g, b, a / 255]
  }
  const over = (top: number[], bottom: number[]) => [
    ...[0, 1, 2].map((k) => top[3] * top[k] + (1 - top[3]) * bottom[k]),
    1,
  ]
  const luminance = (colour: number[]) => {
    const [r, g, b] = colour.map((value) => {
      const c = value / 255
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const contrast = (a: number[], b: number[]) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y)
    return (high + 0.05) / (low + 0.05)
  }
  const behind = (element: Element, x: number, y: number) => {
    const stack = document.elementsFromPoint(x, y)
    const place = stack.indexOf(element)
    if (place < 0) return undefined
    const layers: number[][] = []
    for (const layer of stack.slice(place)) {
      if (['IMG', 'CANVAS', 'VIDEO', 'image'].includes(layer.tagName)) break
      const colour = colourOf(getComputedStyle(layer).backgroundColor)
      layers.push(colour)
      if (colour[3] === 1) break
    }
    const isClosed = layers.at(-1)?.[3] === 1
    const grounds = isClosed
      ? [layers.pop()!]
      : [
          [0, 0, 0, 1],
          [255, 255, 255, 1],
        ]
    return grounds.map((ground) => layers.reduceRight((below, layer) => over(layer, below), ground))
  }
  const describe = (element: Element) => {
    const text = element.getAttribute('aria-label') ?? element.textContent?.trim()
    return `${element.tagName.toLowerCase()}${element.className ? `.${element.getAttribute('class')}` : ''} "${(text ?? '').slice(0, 40)}"`
  }
  window.accessibility = { contrast, colourOf, over, behind, describe, visited: new Set() }
}

/** Texts below 4.5:1 (3:1 where they are large), and frames of fields below 3:1. Disabled controls are exempt. */
function lowContrast(): string[] {
  const { contrast, colourOf, over, behind, describe } = window.accessibility
  const root = document.querySelector('dialog[open]') ?? document.body
  // What lets the pointer through would not be found at a point.
  const style = new CSSStyleSheet()
  style.replaceSync('* { pointer-events: auto !important }')
  document.adoptedStyleSheets = [style]
  const problems: string[] = []
  const isSeen = (element: Element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !element.closest(':disabled')
  const check = (element: Element, what: string, colour: number[], rects: Iterable<DOMRect>, wanted: number) => {
    for (const { left, top, width, height } of rects) {
      if (width < 2 || height < 2) continue
      const grounds = behind(element, left + width / 2, top + height / 2) ?? []
      const worst = Math.min(...grounds.map((ground) => contrast(over(colour, ground), ground)))
      if (worst < wanted) problems.push(`${what} of ${describe(element)} has ${worst.toFixed(2)}:1, not ${wanted}:1`)
    }
  }
  const opacityOf = (element: Element | null): number =>
    element ? Number(getComputedStyle(element).opacity) * opacityOf(element.parentElement) : 1
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement!
    if (!walker.currentNode.nodeValue?.trim() || !isSeen(element)) continue
    element.scrollIntoView({ block: 'nearest' })
    const { color, fontSize, fontWeight } = getComputedStyle(element)
    const size = Number.parseFloat(fontSize)
    const isLarge = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700)
    const [r, g, b, a] = colourOf(color)
    const range = document.createRange()
    range.selectNodeContents(walker.currentNode)
    check(element, 'the text', [r, g, b, a * opacityOf(element)], range.getClientRects(), isLarge ? 3 : 4.5)
  }
  for (const field of root.querySelectorAll('input[type=number], select')) {
    if (!isSeen(field)) continue
    field.scrollIntoView({ block: 'nearest' })
    const { color, borderTopColor } = getComputedStyle(field)
    check(field, 'the value', colourOf(color), [field.getBoundingClientRect()], 4.5)
    check(field, 'the frame', colourOf(borderTopColor), [field.getBoundingClientRect()], 3)
  }
  document.adoptedStyleSheets = []
  return problems
}

function beginRound(): void {
  window.accessibility.visited = new Set()
}

/** Notes the focused element. @returns whether it had its turn before, and what is wrong with how it shows */
function visitFocused(): { again: boolean; problem?: string } {
  const { contrast, colourOf, behind, describe, visited } = window.accessibility
  const element = document.activeElement
  if (!element || element === document.body || element === document.documentElement) return { again: false }
  if (visited.has(element)) return { again: true }
  visited.add(element)
  element.scrollIntoView({ block: 'nearest' })
  // Where a control itself is not to be seen, what stands for it shows the focus.
  const shown = [element, element.nextElementSibling, element.parentElement].filter((one) => one !== null)
  const look = (one: Element) => {
    const { outlineStyle, outlineWidth, outlineColor, stroke } = getComputedStyle(one)
    return { ring: outlineStyle === 'none' ? 0 : Number.parseFloat(outlineWidth), outlineColor, stroke }
  }
  const focused = shown.map(look)
  const ringed = focused.findIndex(({ ring }) => ring >= 2)
  if (ringed >= 0) {
    const [one, { outlineColor }] = [shown[ringed], focused[ringed]]
    // The ring lies round the element: on what its parent lies on, or on the element itself where it is drawn inside.
    const inside = Number.parseFloat(getComputedStyle(one).outlineOffset) < 0
    const { left, top, width } = one.getBoundingClientRect()
    const ground = inside ? one : (one.parentElement ?? one)
    const at = inside ? [left + width / 2, top + 2] : [left + width / 2, top - 3]
    const grounds = behind(ground, at[0], at[1]) ?? []
    const worst = Math.min(...grounds.map((colour) => contrast(colourOf(outlineColor), colour)))
    if (worst < 3) return { again: false, problem: `the focus ring of ${describe(one)} has ${worst.toFixed(2)}:1` }
    return { again: false }
  }
  const html = element as HTMLElement
  html.blur()
  const changes = shown.some((one, i) => look(one).stroke !== focused[i].stroke)
  html.focus()
  return changes ? { again: false } : { again: false, problem: `focus does not show on ${describe(element)}` }
}

/** Everything that could be focused and never was. Of a group of radio buttons Tab goes to one, arrow keys to the rest. */
function notVisited(): string[] {
  const { describe, visited } = window.accessibility
  const root = document.querySelector('dialog[open]') ?? document
  const controls = root.querySelectorAll<HTMLElement>('button, input, select, summary, a[href], [tabindex="0"]')
  return [...controls]
    .filter((control) => {
      if (visited.has(control) || control.matches(':disabled') || !control.checkVisibility()) return false
      return !(
        control.matches('input[type=radio]:not(:checked)') && control.closest('fieldset')?.querySelector(':checked')
      )
    })
    .map(describe)
}
