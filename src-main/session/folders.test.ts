import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { adopt } from './folders.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'halfturn-folders-'))
})
afterEach(() => rmSync(root, { recursive: true }))

test('what an earlier edition kept elsewhere is taken over, and nothing is written over', () => {
  const [earlier, folder] = [join(root, 'earlier'), join(root, 'data', 'now')]
  for (const name of ['projects', 'generators']) {
    mkdirSync(join(earlier, name), { recursive: true })
    writeFileSync(join(earlier, name, 'kept'), 'earlier')
  }
  mkdirSync(join(folder, 'generators'), { recursive: true })
  writeFileSync(join(folder, 'generators', 'kept'), 'now')

  adopt(earlier, folder)
  expect(readFileSync(join(folder, 'projects', 'kept'), 'utf8')).toBe('earlier')
  expect(existsSync(join(earlier, 'projects'))).toBe(false)
  expect(readFileSync(join(folder, 'generators', 'kept'), 'utf8')).toBe('now')
  expect(readFileSync(join(earlier, 'generators', 'kept'), 'utf8')).toBe('earlier')
})
