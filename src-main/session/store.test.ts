import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { OLD_RECORD, TEST_RECORD as record } from '../../testing/record.ts'
import { type Disk, disk } from './disk.ts'
import { ChangedElsewhere, KEPT, Store } from './store.ts'

let folder: string
let store: Store
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'halfturn-store-'))
  store = new Store(folder)
})
afterEach(() => rm(folder, { recursive: true }))

const bytes = (...values: number[]) => new Uint8Array(values)
const id = '0123456789abcdef'
/** Two states of a project, and what is read of each. */
const first = { record, parts: { photo: bytes(1, 2, 3), head: bytes(4), checkpoint: bytes(5) } }
const second = {
  record: { ...record, name: 'Grace' },
  parts: { photo: KEPT, head: bytes(6), thumbnail: bytes(7) },
} as const

const names = async () => (await readdir(join(folder, id))).sort().map((name) => name.replace(/[0-9a-f]{16}$/, '*'))
async function stateOf(at: Store) {
  const { record, parts } = await at.read(id, ['photo', 'head', 'checkpoint'])
  return [record.name, ...(['photo', 'head', 'checkpoint'] as const).map((part) => parts[part]?.[0])]
}
const FIRST = ['Ada', 1, 4, 5]
const SECOND = ['Grace', 1, 6, undefined]

test('what was saved is read by the next process, and what it replaced is gone', async () => {
  await store.save(id, first.record, first.parts)
  expect(await stateOf(new Store(folder))).toEqual(FIRST)
  await store.save(id, second.record, second.parts)
  expect(await stateOf(new Store(folder))).toEqual(SECOND)
  expect(await names()).toEqual(['head-*', 'photo-*', 'project.json', 'thumbnail-*'])
  const list = await store.list((picture) => picture.join())
  expect(list).toEqual([{ id, name: 'Grace', saved: expect.any(Number), state: 'paused', thumbnail: '7' }])
})

/** A disk on which everything that changes it fails from the `count`th time on, as if it were full, or the process killed. */
function failing(count: number): Disk & { calls: number } {
  const made = { ...disk, calls: 0 }
  const guard =
    <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (++made.calls > count) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
      return work(...args)
    }
  made.write = guard(disk.write)
  made.rename = guard(disk.rename)
  made.remove = guard(disk.remove)
  return made
}

test.each(['a new project', 'one that is there'])(
  'wherever a save of %s breaks off, the old or the new project is whole, and nothing stays',
  async (which) => {
    const isNew = which === 'a new project'
    const seen = new Set<string>()
    for (let count = 0; ; count++) {
      await rm(folder, { recursive: true })
      await mkdir(folder)
      if (!isNew) await new Store(folder).save(id, first.record, first.parts)
      const breaking = failing(count)
      const process = new Store(folder, { disk: breaking })
      if (!isNew) await process.read(id, [])
      const { record, parts } = isNew ? first : second
      const saved = await process.save(id, record, parts).then(
        () => true,
        () => false,
      )
      const next = new Store(folder)
      await next.tidy()
      if (isNew && !saved) expect(await readdir(folder)).toEqual([])
      else {
        const state = await stateOf(next)
        expect(state).toEqual(isNew ? FIRST : saved ? SECOND : FIRST)
        seen.add(String(state[0]))
        expect(await names()).toHaveLength(4)
      }
      if (saved && breaking.calls <= count) break
      expect(count).toBeLessThan(20)
    }
    expect(seen.size).toBe(isNew ? 1 : 2)
  },
)

test('after a failure the same process saves the newest state as soon as it can', async () => {
  let full = true
  const filling: Disk = {
    ...disk,
    write: (path, ...chunks) =>
      full ? Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })) : disk.write(path, ...chunks),
  }
  const filled = new Store(folder, { disk: filling })
  await expect(filled.save(id, first.record, first.parts)).rejects.toThrow('full')
  full = false
  await filled.save(id, first.record, first.parts)
  expect(await stateOf(filled)).toEqual(FIRST)
})

test('what another process has changed is not written over', async () => {
  await store.save(id, first.record, first.parts)
  const other = new Store(folder)
  await other.read(id, [])
  await other.save(id, second.record, second.parts)
  await expect(store.save(id, first.record, first.parts)).rejects.toThrow(ChangedElsewhere)
  expect(await stateOf(other)).toEqual(SECOND)
  await other.remove(id)
  await expect(store.save(id, first.record, first.parts)).rejects.toThrow(ChangedElsewhere)
  expect(await readdir(folder)).toEqual([])
})

test('a reader that meets the owner in the middle of a save reads one state, not two', async () => {
  await store.save(id, first.record, first.parts)
  let hasSaved = false
  const slow: Disk = {
    ...disk,
    read: async (path) => {
      if (path.includes('head-') && !hasSaved) {
        hasSaved = true
        await store.save(id, second.record, second.parts)
      }
      return disk.read(path)
    },
  }
  expect(await stateOf(new Store(folder, { disk: slow }))).toEqual(SECOND)
})

test('a part whose bytes have changed on disk is said to be damaged', async () => {
  await store.save(id, first.record, first.parts)
  const head = (await readdir(join(folder, id))).find((name) => name.startsWith('head-'))!
  await writeFile(join(folder, id, head), bytes(9))
  await expect(stateOf(new Store(folder))).rejects.toThrow('The head of this project is damaged')
  await rm(join(folder, id, head))
  await expect(stateOf(new Store(folder))).rejects.toThrow('The head of this project is missing')
})

test('a project from before records named their parts opens, and is saved anew', async () => {
  await mkdir(join(folder, id))
  await writeFile(join(folder, id, 'project.json'), JSON.stringify(OLD_RECORD))
  await writeFile(join(folder, id, 'photo'), bytes(1))
  await writeFile(join(folder, id, 'checkpoint'), bytes(5))
  await writeFile(join(folder, id, 'thumbnail.jpg'), bytes(7))
  expect(await stateOf(store)).toEqual(['Ada', 1, undefined, 5])
  expect((await store.list((picture) => picture.join()))[0].thumbnail).toBe('7')
  await store.save(id, record, { photo: KEPT, head: bytes(4), checkpoint: KEPT, thumbnail: bytes(8) })
  expect(await stateOf(new Store(folder))).toEqual(['Ada', 1, 4, 5])
  expect(await names()).toEqual(['checkpoint', 'head-*', 'photo', 'project.json', 'thumbnail-*'])
})

test('the next start removes what a killed process left, and nothing else', async () => {
  await store.save(id, first.record, first.parts)
  await mkdir(join(folder, 'coming-fedcba9876543210'))
  await mkdir(join(folder, 'going-fedcba9876543210'))
  await mkdir(join(folder, 'fedcba9876543210'))
  await writeFile(join(folder, 'fedcba9876543210', 'photo'), bytes(1))
  await writeFile(join(folder, id, 'head-0000000000000000'), bytes(1))
  await writeFile(join(folder, id, 'project.json.abcdef01.tmp'), bytes(1))
  await mkdir(join(folder, '00000000000000ff'))
  await writeFile(join(folder, '00000000000000ff', 'project.json'), '{"of": "a later version"}')
  await writeFile(join(folder, '00000000000000ff', 'whatever'), bytes(1))
  await writeFile(join(folder, 'notes.txt'), 'not ours')
  await store.tidy()
  expect((await readdir(folder)).sort()).toEqual(['00000000000000ff', id, 'notes.txt'])
  expect(await names()).toEqual(['checkpoint-*', 'head-*', 'photo-*', 'project.json'])
  expect(await readdir(join(folder, '00000000000000ff'))).toHaveLength(2)
  expect(await stateOf(new Store(folder))).toEqual(FIRST)
})

test('what may not be written is not, and what is removed is gone as a whole', async () => {
  await store.save(id, first.record, first.parts)
  const reader = new Store(folder, {
    mayWrite: () => {
      throw new Error('not ours')
    },
  })
  await expect(reader.remove(id)).rejects.toThrow('not ours')
  await expect(reader.save(id, first.record, first.parts)).rejects.toThrow('not ours')
  expect(await stateOf(reader)).toEqual(FIRST)
  await store.remove(id)
  await store.remove(id)
  expect(await readdir(folder)).toEqual([])
})

test('the newest project comes first', async () => {
  const other = 'fedcba9876543210'
  await store.save(id, record, {})
  await store.save(other, { ...record, name: 'Grace' }, {})
  await utimes(join(folder, id, 'project.json'), 2000, 2000)
  await utimes(join(folder, other, 'project.json'), 1000, 1000)
  expect((await store.list(() => '')).map(({ name }) => name)).toEqual(['Ada', 'Grace'])
})
