/** The order in which work gets its turn. */
import { expect, test } from 'vitest'
import { type Rank, Turns } from './turns.ts'

test('one at a time, what is asked for before what is spare', async () => {
  const turns = new Turns()
  const order: string[] = []
  let underWay = 0
  const work = (name: string, rank: Rank, then?: () => void) =>
    turns.take(async () => {
      expect(++underWay).toBe(1)
      order.push(name)
      await Promise.resolve()
      then?.()
      underWay--
      return name
    }, rank)
  // A judgement of four parts; during the second somebody asks for two pictures.
  const judgement = (async () => {
    await work('part 1', 'spare')
    await work('part 2', 'spare', () => {
      void work('picture 1', 'asked')
      void work('picture 2', 'asked')
    })
    await work('part 3', 'spare')
    return work('part 4', 'spare')
  })()
  void work('step', 'asked')
  expect(await judgement).toBe('part 4')
  expect(order).toEqual(['step', 'part 1', 'part 2', 'picture 1', 'picture 2', 'part 3', 'part 4'])
})

test('work that fails fails alone, and idle waits for what is asked for meanwhile', async () => {
  const turns = new Turns()
  const done: number[] = []
  const failed = turns.take(() => Promise.reject(new Error('no')))
  void turns.take(async () => void done.push(1)).then(() => turns.take(async () => void done.push(2), 'spare'))
  await expect(failed).rejects.toThrow('no')
  await turns.idle()
  expect(done).toEqual([1, 2])
})

test('nothing spare between the turns of an errand, and it is not idle before its end', async () => {
  const turns = new Turns()
  const done: string[] = []
  const work = (name: string, rank?: Rank) => turns.take(async () => void done.push(name), rank)
  const errand = turns.errand(async () => {
    await work('picture 1')
    void work('judgement', 'spare')
    // Nothing runs meanwhile.
    await new Promise(setImmediate)
    await work('picture 2')
  })
  await turns.idle()
  expect(done).toEqual(['picture 1', 'picture 2', 'judgement'])
  await errand
  await expect(turns.errand(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  await work('judgement', 'spare')
})
