import { expect, test } from 'vitest'
import { clipText, UserError } from './errors.ts'

test('a message and a cure stay one line of a few hundred characters, whatever a file puts in', () => {
  const { message, cure } = new UserError('tool', {
    text: `a\u001b[2Jb\nc ${'x'.repeat(600_000)} end`,
    cure: 'y'.repeat(9000),
  })
  expect(message).toMatch(/^a \[2Jb c x+\.\.\.x+ end$/)
  expect(message).toHaveLength(300)
  expect(cure).toHaveLength(300)
})

test('clipping leaves out the middle, and no half of a character', () => {
  expect(clipText('short')).toBe('short')
  expect(clipText('0123456789abcdef', 10)).toBe('0123...def')
  expect(clipText('\u{1f600}'.repeat(100), 20)).not.toMatch(/\p{Cs}/u)
})
