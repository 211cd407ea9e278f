/** Words for a change of a head, in every language at once. */
import { expect, test } from 'vitest'
import { understand } from './guidance.ts'

test.each([
  ['older, smiling', { age: 1.5, smile: 1.5 }],
  ['Much younger and a little more serious', { age: -3, smile: -0.75 }],
  ['not smiling', { smile: -1.5 }],
  ['longer hair; darker skin', { hair: 1.5, skin: 1.5 }],
  ['an old man', { age: 1.5, male: 1.5 }],
  ['viel älter, ein bisschen freundlicher', { age: 3, smile: 0.75 }],
  ['Juenger und laechelnd, kurze Haare', { age: -1.5, smile: 1.5, hair: -1.5 }],
  ['very, very old', { age: 3 }],
  ['blond hair, eyes closed, no beard', { 'hair-colour': 1.5, eyes: -1.5, beard: -1.5 }],
  ['heavier, with a beard and an open mouth', { weight: 1.5, beard: 1.5, jaw: 1.5 }],
  ['Dunkle Haare, Mund offen, mit Bart', { 'hair-colour': -1.5, jaw: 1.5, beard: 1.5 }],
  ['überrascht, ohne Bart, geschlossene Augen', { brows: 1.5, beard: -1.5, eyes: -1.5 }],
  ['', {}],
])('%s', (text, edit) => {
  expect(understand(text).edit).toEqual(edit)
})

test.each([
  ['green hair', ['green hair']],
  ['older, with glasses', ['glasses']],
  ['constructor, less', ['constructor', 'less']],
  ['älter und Glatze', ['Glatze']],
])('of %s it says what it does not know', (text, unknown) => {
  expect(understand(text).unknown).toEqual(unknown)
})
