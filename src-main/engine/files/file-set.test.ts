/** Sets of files: what they are called, and that they are whole whatever happens on the way. */
import * as fs from 'node:fs'
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FileSet } from './file-set.ts'
import type { Wanted } from './plan.ts'

/** After so many changes to the disk the process is dead: nothing it does has an effect any more. */
const life = vi.hoisted(() => ({ left: Number.POSITIVE_INFINITY, descriptors: new Set<number>(), full: false }))

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  const mortal =
    <A extends unknown[], R>(operation: (...args: A) => R) =>
    (...args: A): R => {
      if (life.left-- <= 0) throw new Error('dead')
      return operation(...args)
    }
  return {
    ...real,
    mkdirSync: mortal(real.mkdirSync),
    renameSync: mortal(real.renameSync),
    rmdirSync: mortal(real.rmdirSync),
    rmSync: mortal(real.rmSync),
    unlinkSync: mortal(real.unlinkSync),
    writeFileSync: mortal(real.writeFileSync),
    openSync: mortal((...args: Parameters<typeof real.openSync>) => {
      const descriptor = real.openSync(...args)
      life.descriptors.add(descriptor)
      return descriptor
    }),
    closeSync: (descriptor: number) => {
      life.descriptors.delete(descriptor)
      real.closeSync(descriptor)
    },
    // Slow, and nothing here survives a power cut.
    fsyncSync: () => {},
    fsync: (_: number, done: () => void) => done(),
    writeFile: (descriptor: number, chunk: Uint8Array, done: (error: Error | null) => void) => {
      if (life.left-- <= 0) done(new Error('dead'))
      else if (life.full) done(Object.assign(new Error('full'), { code: 'ENOSPC' }))
      else real.writeFile(descriptor, chunk, done)
    },
  }
})

/** The process has died: the system closes what it had open, and its locks end. Nor does it get to clean up. */
function bury(): void {
  life.left = Number.POSITIVE_INFINITY
  for (const descriptor of [...life.descriptors]) fs.closeSync(descriptor)
  for (const listener of process.listeners('exit')) if (!listeners.includes(listener)) process.off('exit', listener)
}

const listeners = process.listeners('exit')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-set-'))
})
afterEach(() => {
  life.full = false
  bury()
  rmSync(folder, { recursive: true })
})

const endings = ['glb', 'png', 'obj']
const wanted = (change: Partial<Wanted> = {}): Wanted => ({ folder, stem: 'me', endings, inputs: [], ...change })
const claim = (change: Partial<Wanted> = {}) => FileSet.claim(wanted(change))
const stemOf = (set: FileSet) => set.path('glb').slice(set.folder.length + 1, -'.glb'.length)
/** The stem a claim gets; the claim is given up. */
function tried(change: Partial<Wanted> = {}): string {
  const set = claim(change)
  set.abandon()
  return stemOf(set)
}
const filesOf = (text: string) => async () => endings.map((ending) => [ending, text, '!'] as const)
const put = (name: string, text = 'theirs') => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const contents = (stem = 'me') => endings.map((ending) => readFileSync(join(folder, `${stem}.${ending}`), 'utf8'))
const namesOf = (stem: string) => endings.map((ending) => `${stem}.${ending}`).sort()

describe('the name of a set', () => {
  it('is the one that was asked for where nothing is in its way', async () => {
    const set = claim()
    const paths = await set.commit(filesOf('new'))
    expect(paths).toEqual(endings.map((ending) => join(set.folder, `me.${ending}`)))
    expect(readdirSync(folder).sort()).toEqual(namesOf('me'))
    expect(contents()).toEqual(Array(endings.length).fill('new!'))
  })

  it.each(['me.png', 'ME.GLB', 'Me.Obj'])('is numbered beside %s', (name) => {
    put(name)
    expect(tried()).toBe('me-2')
  })

  it('is numbered beside the same name with its accent written otherwise', () => {
    put('cafe\u0301.obj')
    expect(tried({ stem: 'caf\u00e9' })).toBe('caf\u00e9-2')
  })

  it('is numbered beside links that lead nowhere, and folders', () => {
    symlinkSync('nowhere', join(folder, 'me.obj'))
    mkdirSync(join(folder, 'me-2.png'))
    expect(tried({ mayReplace: () => true })).toBe('me-3')
  })

  it('is never that of an input, by whatever link', () => {
    const photo = put('me.png')
    linkSync(photo, join(folder, 'me-2.png'))
    symlinkSync(photo, join(folder, 'me-3.png'))
    symlinkSync(folder, join(folder, 'door'))
    expect(tried({ inputs: [photo], mayReplace: () => true })).toBe('me-4')
    expect(tried({ inputs: [join(folder, 'door', 'me.png')], mayReplace: () => true })).toBe('me-4')
  })

  it('is that of an earlier set where it may be replaced, and only there', async () => {
    await claim().commit(filesOf('old'))
    put('me-2.png')
    expect(tried({ mayReplace: (path) => readFileSync(path, 'utf8') === 'old!' })).toBe('me')
    put('me.obj')
    expect(tried({ mayReplace: (path) => readFileSync(path, 'utf8') === 'old!' })).toBe('me-3')
  })

  it('is refused instead of numbered where it has to be exact', () => {
    put('me.png')
    expect(() => claim({ exact: true })).toThrow(/me\.png is there already/)
    expect(readdirSync(folder)).toEqual(['me.png'])
  })

  it('is not that of a run at work, nor of one of other endings that shares a file', async () => {
    const first = claim()
    const second = claim()
    const sheet = claim({ stem: 'you', endings: ['sheet.png'] })
    const other = claim({ stem: 'you.sheet', endings: ['png'] })
    expect([first, second].map(stemOf)).toEqual(['me', 'me-2'])
    expect(other.path('png')).toBe(join(other.folder, 'you.sheet-2.png'))
    expect(() => claim({ exact: true })).toThrow(/Another run is about to write/)
    await Promise.all([first.commit(filesOf('first')), second.commit(filesOf('second'))])
    sheet.abandon()
    other.abandon()
    expect(contents('me')).toEqual(Array(endings.length).fill('first!'))
    expect(contents('me-2')).toEqual(Array(endings.length).fill('second!'))
    expect(readdirSync(folder).sort()).toEqual([...namesOf('me'), ...namesOf('me-2')].sort())
  })

  it('is shortened where the disk does not take it, and that is said', async () => {
    const set = claim({ stem: 'é'.repeat(125) })
    expect(set.notes).toMatchObject([{ code: 'name-shortened' }])
    expect(await set.commit(filesOf('new'))).toHaveLength(endings.length)
    expect(stemOf(set)).toMatch(/^é+-[0-9a-f]{8}$/)
  })

  it('is another one where a foreign file came during the work', async () => {
    const set = claim()
    const stems: string[] = []
    await set.commit(async (stem) => {
      stems.push(stem)
      put('me.png')
      return filesOf(`of ${stem}`)()
    })
    expect(stems).toEqual(['me', 'me-2'])
    expect(readdirSync(folder).sort()).toEqual(['me.png', ...namesOf('me-2')].sort())
    expect(contents('me-2')).toEqual(Array(endings.length).fill('of me-2!'))
    expect(readFileSync(join(folder, 'me.png'), 'utf8')).toBe('theirs')
  })
})

describe('a set that does not come to be', () => {
  it('leaves no folder that was made for it', () => {
    const set = claim({ folder: join(folder, 'a', 'b') })
    const other = claim({ folder: join(folder, 'a', 'b') })
    set.abandon()
    expect(readdirSync(join(folder, 'a'))).toEqual(['b'])
    other.abandon()
    expect(readdirSync(folder)).toEqual([])
    put('file')
    expect(() => claim({ folder: join(folder, 'file', 'a') })).toThrow(/Could not write .*file.*ENOTDIR|EEXIST/)
  })

  it('leaves everything as it was on a full disk, and can be tried again', async () => {
    await claim().commit(filesOf('old'))
    const set = claim({ mayReplace: () => true })
    life.full = true
    await expect(set.commit(filesOf('new'))).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/Could not write .*me\.glb \(ENOSPC\)/),
    })
    expect(contents()).toEqual(Array(endings.length).fill('old!'))
    life.full = false
    await set.commit(filesOf('new'))
    expect(contents()).toEqual(Array(endings.length).fill('new!'))
  })

  it('is taken back where one of its files cannot be put in place', async () => {
    await claim().commit(filesOf('old'))
    const set = claim({ mayReplace: () => true })
    // The last file cannot be moved away: its place in the hidden folder is taken.
    const [run] = readdirSync(join(folder, '.halfturn')).filter((name) => name !== 'lock')
    mkdirSync(join(folder, '.halfturn', run, 'old', 'me.obj'), { recursive: true })
    await expect(set.commit(filesOf('new'))).rejects.toThrow(/Could not write .*me\.obj \(E[A-Z]+\)/)
    expect(contents()).toEqual(Array(endings.length).fill('old!'))
    set.abandon()
    expect(readdirSync(folder).sort()).toEqual(namesOf('me'))
  })
})

describe('a process that is killed', () => {
  /** Lives through `work` for `operations` changes to the disk. @returns whether it came to the end */
  async function live(operations: number, work: () => Promise<unknown>): Promise<boolean> {
    life.left = operations
    try {
      await work()
      return life.left >= 0
    } catch {
      return false
    } finally {
      bury()
    }
  }

  /** Kills at every operation in turn. */
  async function everyDeath(work: () => Promise<unknown>, check: () => void): Promise<number> {
    for (let operations = 0; ; operations++) {
      const done = await live(operations, work)
      check()
      if (done) return operations
      rmSync(folder, { recursive: true })
      mkdirSync(folder)
    }
  }

  /** Leaves a set that is committed, of which only the first file is in place. @returns after how many operations */
  async function halfPlaced(): Promise<number> {
    for (let operations = 0; ; operations++) {
      await live(operations, () => claim().commit(filesOf('new')))
      const found = readdirSync(folder)
      if (found.includes('me.glb') && !found.includes('me.png')) return operations
      rmSync(folder, { recursive: true })
      mkdirSync(folder)
    }
  }

  it('leaves all of the set or nothing, at whatever moment', async () => {
    const seen = new Set<string>()
    const work = () => claim().commit(filesOf('new'))
    const operations = await everyDeath(work, () => {
      // The next start, of the same kind.
      claim({ stem: 'another' }).abandon()
      const names = readdirSync(folder).sort()
      if (names.length > 0) expect([names, contents()]).toEqual([namesOf('me'), Array(endings.length).fill('new!')])
      seen.add(names.join())
    })
    expect(operations).toBeGreaterThan(20)
    expect(seen.size).toBe(2)
  })

  it('leaves the old set or the new one, and the checkpoint with the old one', async () => {
    const seen = new Set<string>()
    const work = async () => {
      const { left } = life
      life.left = Number.POSITIVE_INFINITY
      await claim().commit(filesOf('old'))
      put('me.unfinished', 'old!')
      life.left = left
      const mayReplace = (path: string) => readFileSync(path, 'utf8') === 'old!'
      const set = claim({ endings: [...endings, 'unfinished'], mayReplace })
      await set.write('unfinished', 'new', '!')
      await set.commit(filesOf('new'), ['unfinished'])
    }
    await everyDeath(work, () => {
      claim({ stem: 'another' }).abandon()
      const checkpoint = readdirSync(folder).includes('me.unfinished')
      expect(readdirSync(folder).sort()).toEqual([...namesOf('me'), ...(checkpoint ? ['me.unfinished'] : [])].sort())
      expect(contents()).toEqual(Array(endings.length).fill(checkpoint ? 'old!' : 'new!'))
      if (checkpoint) expect(readFileSync(join(folder, 'me.unfinished'), 'utf8')).toMatch(/^(old|new)!$/)
      seen.add(String(checkpoint))
    })
    expect(seen.size).toBe(2)
  })

  it('does no harm by dying while it cleans up', async () => {
    const until = await halfPlaced()
    for (let operations = 0; ; operations++) {
      if (operations > 0) await live(until, () => claim().commit(filesOf('new')))
      const done = await live(operations, async () => claim({ stem: 'another' }).abandon())
      claim({ stem: 'another' }).abandon()
      expect(readdirSync(folder).sort()).toEqual(namesOf('me'))
      expect(contents()).toEqual(Array(endings.length).fill('new!'))
      if (done) break
      rmSync(folder, { recursive: true })
      mkdirSync(folder)
    }
  })

  it('does not cost a file that came in between', async () => {
    await halfPlaced()
    const photo = put('me.png')
    const set = claim({ inputs: [photo], mayReplace: () => true })
    expect(set.notes).toMatchObject([{ code: 'leftover-beside', values: { path: expect.stringMatching(/me\.png$/) } }])
    set.abandon()
    expect(readFileSync(photo, 'utf8')).toBe('theirs')
    expect(readFileSync(join(folder, 'me-2.png'), 'utf8')).toBe('new!')
  })
})

it('follows no link in place of its hidden folder', () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'file-set-'))
  symlinkSync(elsewhere, join(folder, '.halfturn'))
  expect(() => claim()).toThrow(/\.halfturn is no folder/)
  expect(readdirSync(elsewhere)).toEqual([])
  rmSync(elsewhere, { recursive: true })
})

it('believes no journal that leads out of the folder', () => {
  const run = join(folder, '.halfturn', 'run')
  mkdirSync(join(run, 'new'), { recursive: true })
  put('precious')
  const name = '../precious'
  writeFileSync(
    join(run, 'journal.json'),
    JSON.stringify({ files: [{ name, was: null }], obsolete: [{ name, was: '' }] }),
  )
  const inner = join(folder, 'inner')
  mkdirSync(inner)
  fs.renameSync(join(folder, '.halfturn'), join(inner, '.halfturn'))
  claim({ folder: inner }).abandon()
  expect(readdirSync(inner)).toEqual([])
  expect(readFileSync(join(folder, 'precious'), 'utf8')).toBe('theirs')
})
