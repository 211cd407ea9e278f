import { expect, test } from 'vitest'
import { noHistory, record, stepBack, stepForward } from './history.ts'

test('back and forward again ends where it began', () => {
  const history = record(record(noHistory<number>(), 1, 2), 2, 3)
  const back = stepBack(history, 3)!
  expect(back.value).toBe(2)
  const further = stepBack(back.history, back.value)!
  expect(further.value).toBe(1)
  expect(stepBack(further.history, further.value)).toBeUndefined()
  const forward = stepForward(further.history, further.value)!
  expect(forward.value).toBe(2)
  expect(stepForward(forward.history, forward.value)!.value).toBe(3)
})

test('a new value forgets what was undone, and no change is no step', () => {
  const back = stepBack(record(noHistory<number>(), 1, 2), 2)!
  expect(stepForward(record(back.history, 1, 5), 5)).toBeUndefined()
  expect(record(noHistory<number>(), 4, 4).past).toEqual([])
})
