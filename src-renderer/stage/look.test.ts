import { expect, test } from 'vitest'
import { backdropColour, inkOn, storedLook } from './look.ts'

test('what was chosen comes back, and what cannot be is as at first', () => {
  const chosen = { backdrop: 'own', colour: '#102030', light: 'studio', exposure: 1.2 } as const
  expect(storedLook(JSON.stringify(chosen))).toEqual(chosen)
  const first = storedLook(null)
  for (const broken of ['no JSON', 'null', '[]', '{"backdrop":"red","colour":"red","light":7,"exposure":"much"}']) {
    expect(storedLook(broken)).toEqual(first)
  }
  expect(storedLook('{"exposure":99}').exposure).toBeLessThan(2)
})

test('the window’s own backdrop and none have no colour of their own', () => {
  const look = storedLook(null)
  expect(backdropColour(look)).toBeUndefined()
  expect(backdropColour({ ...look, backdrop: 'clear' })).toBeUndefined()
  expect(backdropColour({ ...look, backdrop: 'own' })).toBe(look.colour)
})

test('what is drawn on a background of any colour can be seen', () => {
  expect(['#ffffff', '#ffff00', '#6d8fb0', '#808080'].map(inkOn)).toEqual(Array(4).fill('#000000'))
  expect(['#000000', '#0000ff', '#8b0000', '#444444'].map(inkOn)).toEqual(Array(4).fill('#ffffff'))
})
