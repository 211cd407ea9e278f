import { expect, test } from 'vitest'
import { readEdit } from './edit-option.ts'

test('strengths and words stand side by side', () => {
  expect(readEdit(' smile = 0.6,older, age=-1')).toEqual({ smile: 0.6, age: -1 })
  expect(readEdit('much younger')).toEqual({ age: -3 })
  expect(readEdit()).toEqual({})
})

test.each(['smile=', 'smile=x', '=1', 'smile=1,smile=2', 'smile=1=2'])('%s is refused', (text) => {
  expect(() => readEdit(text)).toThrow(expect.objectContaining({ code: 'edit-unreadable' }))
})

test('words that are not known are named, with some that are', () => {
  const attempt = () => readEdit('older, purple')
  expect(attempt).toThrow(/'purple'/)
  expect(attempt).toThrow(expect.objectContaining({ cure: expect.stringContaining('younger') }))
})
