/** How the stage looks: what is behind the head, and the light on its surface. Kept for the next time. */

export const backdrops = ['window', 'light', 'dark', 'own', 'clear'] as const
type Backdrop = (typeof backdrops)[number]
/** `even`: colours as they are. `studio`, `side`: three lights and what the surroundings throw back. */
export const lights = ['even', 'studio', 'side'] as const
export type Light = (typeof lights)[number]

export interface StageLook {
  readonly backdrop: Backdrop
  /** The own colour, #rrggbb. */
  readonly colour: string
  readonly light: Light
  /** What the surface's light is multiplied with. */
  readonly exposure: number
}

export const EXPOSURE = { least: 0.5, most: 1.6 }
const KEY = 'stage'
const FIRST: StageLook = { backdrop: 'window', colour: '#6f8fae', light: 'even', exposure: 1 }
const FIXED = { light: '#f4f3f0', dark: '#26262a' } as const

/** What was chosen last; what it cannot be is as at first. */
export function storedLook(text: string | null): StageLook {
  let stored: Partial<StageLook>
  try {
    stored = JSON.parse(text ?? '{}') ?? {}
  } catch {
    return FIRST
  }
  const { backdrop, colour, light, exposure } = stored
  return {
    backdrop: backdrops.find((name) => name === backdrop) ?? FIRST.backdrop,
    colour: /^#[0-9a-f]{6}$/.test(String(colour)) ? String(colour) : FIRST.colour,
    light: lights.find((name) => name === light) ?? FIRST.light,
    exposure: Math.min(EXPOSURE.most, Math.max(EXPOSURE.least, Number(exposure) || FIRST.exposure)),
  }
}

export const recallLook = (): StageLook => storedLook(localStorage.getItem(KEY))
export const keepLook = (look: StageLook): void => localStorage.setItem(KEY, JSON.stringify(look))

/** A colour of CSS; nothing where it is the window's own, or where there is none. */
export function backdropColour({ backdrop, colour }: StageLook): string | undefined {
  if (backdrop === 'own') return colour
  return backdrop === 'light' || backdrop === 'dark' ? FIXED[backdrop] : undefined
}

/** Black or white: whichever is seen on a colour, given as #rrggbb (WCAG 2.2's relative luminance). */
export function inkOn(colour: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  // Where both contrasts are the same.
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000000' : '#ffffff'
}
