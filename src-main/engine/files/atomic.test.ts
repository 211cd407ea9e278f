import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeFolder, writeFileAtomic } from './atomic.ts'
import { FileLock } from './lock.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('writeFileAtomic', () => {
  it('makes folders and replaces what is there', async () => {
    const path = join(folder, 'a', 'b', 'file')
    await writeFileAtomic(path, 'one')
    await writeFileAtomic(path, 'tw', Buffer.from('o'))
    expect(readFileSync(path, 'utf8')).toBe('two')
    expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['file'])
  })

  it('writes every name the disk takes', async () => {
    const name = 'x'.repeat(255)
    await writeFileAtomic(join(folder, name), 'long')
    expect(readdirSync(folder)).toEqual([name])
  })

  it('keeps what is there where it fails, and names path and cure', async () => {
    mkdirSync(join(folder, 'a'))
    await expect(writeFileAtomic(join(folder, 'a'), 'new')).rejects.toMatchObject({
      name: 'UserError',
      message: `Could not write ${join(folder, 'a')} (EISDIR).`,
      cure: expect.stringContaining('folder'),
    })
    await expect(writeFileAtomic(join(folder, 'x'.repeat(256)), 'new')).rejects.toThrow(/ENAMETOOLONG/)
    expect(readdirSync(folder)).toEqual(['a'])
  })

  it('takes away what dead processes left, and nothing else', async () => {
    const [dead, live, foreign] = ['.halfturn-00000001.tmp', '.halfturn-00000002.tmp', 'notes.tmp']
    for (const name of [dead, foreign]) writeFileSync(join(folder, name), 'half a fi')
    const writing = FileLock.tryTake(join(folder, live))
    await writeFileAtomic(join(folder, 'file'), 'whole')
    expect(readdirSync(folder).sort()).toEqual([live, 'file', foreign].sort())
    writing?.release()
    await writeFileAtomic(join(folder, 'file'), 'whole')
    expect(readdirSync(folder).sort()).toEqual(['file', foreign])
  })
})

describe('makeFolder', () => {
  it('says what it made, and leaves nothing where it fails', () => {
    const path = join(folder, 'a', 'b')
    expect(makeFolder(path)).toEqual([join(folder, 'a'), path])
    expect(makeFolder(path)).toEqual([])
    expect(() => makeFolder(join(folder, 'c', 'x'.repeat(256)))).toThrow(/ENAMETOOLONG/)
    expect(readdirSync(folder)).toEqual(['a'])
  })
})
