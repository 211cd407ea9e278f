import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { adopt, copyData, dataFolder, keepIn, roomIn } from './folders.ts'

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

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

test('another folder is kept in mind, and stood in for while it is not there', async () => {
  const [home, other] = [join(root, 'home'), join(root, 'other')]
  expect(dataFolder(home)).toEqual({ folder: home })
  mkdirSync(other)
  await keepIn(other, home)
  expect(dataFolder(home)).toEqual({ folder: other })
  rmSync(other, { recursive: true })
  expect(dataFolder(home)).toEqual({ folder: home, missing: other })
  write(join(home, 'data-folder.json'), '{"folder":7}')
  expect(dataFolder(home)).toEqual({ folder: home })
  await keepIn(home, home)
  expect(existsSync(join(home, 'data-folder.json'))).toBe(false)
})

test('heads are copied whole, and nothing that was in either folder changes', async () => {
  const [from, to] = [join(root, 'from'), join(root, 'to')]
  write(join(from, 'projects', 'a', 'project.json'), 'a')
  write(join(from, 'projects', 'b', 'project.json'), 'b')
  write(join(from, 'projects', 'coming-c', 'project.json'), 'half')
  write(join(from, 'generators', 'g.safetensors'), 'g')
  write(join(from, 'preferences.json'), '{}')
  write(join(from, 'engine.lock'), '1')
  write(join(to, 'projects', 'b', 'project.json'), 'another')
  write(join(to, 'projects', 'coming-a', 'left.json'), 'of a copy that was cut short')
  const before = readdirSync(from, { recursive: true }).sort()
  await copyData(from, to)
  expect(readdirSync(from, { recursive: true }).sort()).toEqual(before)
  const files = readdirSync(to, { recursive: true }).filter((name) => /\./.test(String(name)))
  expect(files.sort()).toEqual([
    'generators/g.safetensors',
    'preferences.json',
    'projects/a/project.json',
    'projects/b/project.json',
  ])
  expect(readFileSync(join(to, 'projects', 'b', 'project.json'), 'utf8')).toBe('another')
  await expect(copyData(from, join(from, 'projects', 'deep'))).rejects.toThrow('lies in the folder')
  await expect(copyData(from, join(from, 'engine.lock'))).rejects.toThrow()
})

test('heads do not lie about among other things', () => {
  mkdirSync(join(root, 'empty'))
  write(join(root, 'full', 'letter.txt'), 'mine')
  write(join(root, 'kept', 'projects', 'a'), 'a')
  expect(roomIn(join(root, 'empty'))).toBe(join(root, 'empty'))
  expect(roomIn(join(root, 'kept'))).toBe(join(root, 'kept'))
  expect(roomIn(join(root, 'full'))).toBe(join(root, 'full', 'Halfturn'))
})
