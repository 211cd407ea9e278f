/**
 * What people say of how a head should be, as an edit: "older, smiling". Understood is what the languages list, all of
 * them at once, and nothing else: what is not is handed back.
 */
import type { Edit } from '../engine/head/edit.ts'
import { LIMITS } from '../engine/limits.ts'
import { languages } from './languages.ts'

/** What a word alone changes, in standard deviations; half and twice as much with words for little and much. */
const STRENGTH = 1.5

interface Guidance {
  readonly edit: Edit
  /** What nothing is known of, as it was written. */
  readonly unknown: readonly string[]
}

interface Change {
  readonly trait: string
  readonly strength: number
}

const lists = Object.values(languages).map(({ guidance }) => guidance)
/** By phrases without what stands round them. */
const phrases = new Map<string, Change>(
  lists.flatMap(({ traits }) =>
    Object.entries(traits).flatMap(([trait, { more, less }]) => [
      ...more.map((phrase) => [plain(phrase), { trait, strength: STRENGTH }] as const),
      ...less.map((phrase) => [plain(phrase), { trait, strength: -STRENGTH }] as const),
    ]),
  ),
)
/** What words that stand beside others make of them. */
const factors = new Map<string, number>(
  lists.flatMap(({ much, little, opposite, silent }) => [
    ...much.map((word) => [plain(word), 2] as const),
    ...little.map((word) => [plain(word), 0.5] as const),
    ...opposite.map((word) => [plain(word), -1] as const),
    ...silent.map((word) => [plain(word), 1] as const),
  ]),
)
const between = new Set(lists.flatMap(({ between }) => between.map(plain)))

export function understand(text: string): Guidance {
  const edit: Record<string, number> = {}
  const unknown: string[] = []
  for (const clause of clausesOf(text)) {
    const words = clause.filter((word) => !factors.has(plain(word)))
    const factor = clause.reduce((product, word) => product * (factors.get(plain(word)) ?? 1), 1)
    const changes = changesOf(words.map(plain))
    if (!changes) unknown.push(clause.join(' '))
    for (const { trait, strength } of changes ?? []) {
      edit[trait] = Math.min(Math.max(factor * strength, LIMITS.edit.least), LIMITS.edit.most)
    }
  }
  return { edit, unknown }
}

/** Of a phrase, or of words each of which is one; nothing where something is left over. */
function changesOf(words: readonly string[]): Change[] | undefined {
  const whole = phrases.get(words.join(' '))
  if (whole) return [whole]
  const single = words.map((word) => phrases.get(word))
  return single.length > 0 && single.every((change) => change !== undefined) ? single : undefined
}

/** Words between commas and what stands for them. */
function clausesOf(text: string): string[][] {
  const clauses: string[][] = [[]]
  for (const [piece] of text.matchAll(/[\p{L}\p{N}'’-]+|[^\s]/gu)) {
    if (between.has(plain(piece)) || /^[,;.!+&/]$/.test(piece)) clauses.push([])
    else clauses.at(-1)!.push(piece)
  }
  return clauses.filter((clause) => clause.length > 0)
}

/** Small, and with umlauts as those write them who have none. */
function plain(word: string): string {
  return word
    .normalize('NFC')
    .toLowerCase()
    .replace(/[äöüß]/g, (letter) => ({ ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' })[letter] ?? letter)
}
