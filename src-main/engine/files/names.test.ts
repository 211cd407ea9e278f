import { describe, expect, it } from 'vitest'
import { nameKey, numbered, portableName, shortened } from './names.ts'

describe('a portable name', () => {
  it.each([
    ['Zoë', 'Zoë'],
    ['a b', 'a_b'],
    ['a\u00a0 b\tc', 'a_b_c'],
    ['me\nmtllib other.mtl', 'me_mtllib_other.mtl'],
    ['-o', '_o'],
    ['me #1', 'me_1'],
    ['a\\b:c', 'a_b_c'],
    ['con', '_con'],
    ['NUL.2', '_NUL.2'],
    ['console', 'console'],
    ['me.', 'me_'],
  ])('of %j is %s', (name, portable) => {
    expect(portableName(name)).toBe(portable)
  })
})

describe('a shortened stem', () => {
  const endings = ['glb', 'sheet.png']

  it('is the same where it fits', () => {
    expect(shortened('me', endings)).toBe('me')
  })

  it('fits with every ending and a number, in whole characters, and stays another one', () => {
    const [long, longer] = ['👨‍👩‍👧é'.repeat(40), `${'👨‍👩‍👧é'.repeat(40)}x`]
    for (const most of [255, 143]) {
      const [a, b] = [shortened(long, endings, most), shortened(longer, endings, most)]
      expect(a).not.toBe(b)
      expect(Buffer.byteLength(`${numbered(a, 99_999)}.sheet.png`)).toBeLessThanOrEqual(most)
      expect(a).toMatch(/^(👨‍👩‍👧é?)+-[0-9a-f]{8}$/u)
    }
  })
})

it('takes names for one that differ in case, accents written in two ways, or width', () => {
  expect(nameKey('CAFE\u0301.GLB')).toBe(nameKey('caf\u00e9.glb'))
  expect(nameKey('Straße')).toBe(nameKey('STRASSE'))
  expect(nameKey('ﬁle')).toBe(nameKey('file'))
  expect(nameKey('me')).not.toBe(nameKey('me2'))
})
