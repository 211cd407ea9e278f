import { expect, test } from 'vitest'
import { type Figures, judge } from '../../src-main/engine/quality/verdict.ts'
import { inWords } from './words.ts'

const good: Figures = {
  input: { psnr: 22, faceRes: 0.8, identity: 0.3 },
  views: [
    { degrees: -30, identity: 0.4 },
    { degrees: 60, identity: 0.5 },
  ],
  turned: 5,
  brightness: 120,
  contrast: 50,
  seen: 0.4,
  relief: 60,
  roughness: 0.1,
  spikes: 0,
  asymmetry: 1,
  holes: 0,
  floaters: 0,
}

/** Every way of not being good that the engine has a sentence for. */
const doubtful: Record<string, Partial<Figures>> = {
  black: { brightness: 0 },
  grey: { contrast: 0 },
  flat: { relief: 5 },
  holes: { holes: 0.1 },
  spikes: { spikes: 0.1 },
  unconverged: { input: { ...good.input, psnr: 5 } },
  turned: { turned: -38 },
  unlike: { input: { ...good.input, identity: 0.5 } },
  drifted: { views: [{ degrees: 60, identity: 0.9 }] },
  floaters: { floaters: 0.5 },
  rough: { roughness: 2 },
}

test.each(Object.entries(doubtful))(
  'a head that is %s gets a reason and a cure in the window’s words',
  (_, figures) => {
    const quality = judge({ ...good, ...figures })
    expect(quality.verdict).not.toBe('good')
    const { reason, cure } = inWords(quality)
    for (const sentence of [reason, cure]) {
      expect(sentence).toMatch(/^[A-Z].*\.$/)
      expect(sentence).not.toMatch(/--|\.\./)
    }
  },
)

test('a turned photo is the reason, and how far it is turned', () => {
  expect(inWords(judge({ ...good, turned: 38 }))).toEqual({
    reason: 'Side view uncertain because the photo is turned 38°.',
    cure: expect.stringContaining('from the front'),
  })
})

test('a good head needs no cure', () => {
  const { reason, cure } = inWords(judge(good))
  expect(reason).toMatch(/^It looks like the photo/)
  expect(cure).toBeUndefined()
})
