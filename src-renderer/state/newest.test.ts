import { expect, test } from 'vitest'
import { newestOnly } from './newest.ts'

test('while one is on its way only the newest of the others goes next', async () => {
  const sent: number[] = []
  const answers: (() => void)[] = []
  let done = 0
  const send = newestOnly<number>(
    (value) => {
      sent.push(value)
      return new Promise<void>((resolve) => answers.push(resolve))
    },
    () => done++,
  )
  const all = send(1)
  await Promise.all([send(2), send(3)])
  answers[0]()
  await expect.poll(() => sent).toEqual([1, 3])
  expect(done).toBe(0)
  answers[1]()
  await all
  expect(done).toBe(1)
})
