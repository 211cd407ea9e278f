import { expect, test } from 'vitest'
import { backdropColour, storedLook } from './look.ts'

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
