/** What is known of a recorded head, as numbers: the sampler's notes and a few of its morph targets. */
import type { RecordedHead } from './records.ts'

/** Morph targets of the body's weight: six groups of eight, the three heavy and the three light ones of each. */
const WEIGHT_TARGETS = { first: 362, groups: 6, size: 8, heavy: [0, 3, 6], light: [1, 4, 7] }
/** The 'mouth-corner-puller' targets. */
const SMILE_TARGETS = [148, 182, 216]
/** How far down the hair of a style reaches: 0 short, 1 beyond the shoulders. */
const HAIR_LENGTHS: Readonly<Record<string, number>> = {
  short01: 0,
  short02: 0,
  short03: 0.1,
  short04: 0,
  afro01: 0.3,
  bob01: 0.6,
  bob02: 0.6,
  ponytail01: 0.4,
  braid01: 0.7,
  long01: 1,
  '50s_updo': 0.2,
  adrienne: 0.9,
  ashley_may: 1,
  braided_rows: 0.7,
  daisy: 0.8,
  grump: 0.1,
  hazel: 1,
  island_princess: 1,
  katherine: 0.6,
  keylth: 1,
  lady_hippy: 1,
  lara: 0.4,
  maxwell: 0,
  micky_afro: 0.3,
  short_daisy: 0.6,
  that_80s_babe: 1,
  wavy_bob: 0.6,
}

export function traitValues({ shape, traits }: RecordedHead) {
  const { first, groups, size, heavy, light } = WEIGHT_TARGETS
  let weight = 0
  for (let group = 0; group < groups; group++) {
    for (const i of heavy) weight += shape[first + group * size + i]
    for (const i of light) weight -= shape[first + group * size + i]
  }
  return {
    age: traits.age,
    male: traits.male,
    weight,
    skin: traits.mel,
    smile: SMILE_TARGETS.reduce((sum, target) => sum + shape[target], 0) + smileOf(traits.expression),
    hair: HAIR_LENGTHS[traits.style] ?? 0.3,
  }
}

/** The blendshapes of a smile, both sides, 0..1. */
function smileOf(expression: RecordedHead['traits']['expression'] = {}): number {
  return ((expression.mouthSmile_L ?? 0) + (expression.mouthSmile_R ?? 0)) / 2
}
