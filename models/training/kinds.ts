/** What kinds of people records show, as far as it matters to what is learned of whom. */
import type { RecordedHead } from './records.ts'

type Noted = Pick<RecordedHead, 'style' | 'hat' | 'glasses' | 'beard'>

/** Styles that hang behind the neck and that a portrait does not show. */
const HIDDEN_HAIR = new Set(['ponytail01', 'braid01', 'keylth', 'lara'])
/** Hair that ends above the neck, or none. */
const SHORT_HAIR = new Set([null, 'cap', 'short01', 'short02', 'short03', 'short04'])

/** Learned from, such hair hangs a little on everybody whose hair may be tied. */
export const hidesHair = ({ style }: Noted): boolean => HIDDEN_HAIR.has(style ?? '')

/**
 * The mean latent is of these people: no head of a photo is to reach further back than the mean's does
 * (src-main/engine/inversion/terms/back.ts), and between the codes of all people something hangs at the nape. Nor is it
 * to have a shadow of what a fifth of them wear.
 */
export const isPlain = ({ style, hat, glasses, beard }: Noted): boolean =>
  SHORT_HAIR.has(style ?? null) && !hat && !glasses && !beard

/** What there is or is not, with nothing in between: people of one kind share hair or hat, glasses and beard. */
export const kindOf = ({ style, hat, glasses, beard }: Noted): string =>
  `${hat ?? style}${glasses ? ', glasses' : ''}${beard ? `, ${beard}` : ''}`
