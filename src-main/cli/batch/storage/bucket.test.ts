/** With a real server of objects. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ObjectStore } from '../../../../testing/queue/object-store.ts'
import { message } from '../../../engine/errors.ts'
import { findPeople } from '../people.ts'
import { openStorage, readInput } from './address.ts'
import type { Storage } from './storage.ts'

let server: ObjectStore
const before = { ...process.env }
beforeAll(async () => {
  server = await ObjectStore.start('portraits')
  Object.assign(process.env, server.environment)
})
afterAll(async () => {
  for (const name of Object.keys(server.environment)) delete process.env[name]
  Object.assign(process.env, before)
  await server.remove()
})

const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes)

/** Lays files on the desk and hands them over. */
async function put(storage: Storage, path: string, files: Record<string, string>, mark?: string): Promise<boolean> {
  mkdirSync(storage.desk(path), { recursive: true })
  for (const [name, value] of Object.entries(files)) writeFileSync(join(storage.desk(path), name), value)
  return storage.publish(
    path,
    Object.keys(files).filter((name) => name !== mark),
    mark,
  )
}

describe('a bucket', () => {
  it('takes a set whose mark comes last, and gives it back', async () => {
    const storage = await openStorage('s3://portraits/heads')
    expect(await storage.read('ada/ada.json')).toBeUndefined()
    server.requests.length = 0
    expect(await put(storage, 'ada', { 'ada.json': 'done', 'ada.glb': 'a', 'ada.sheet.png': 'b' }, 'ada.json')).toBe(
      true,
    )
    expect(server.requests.map((request) => request.split(/[/?]/).at(-2))).toEqual([
      'ada.glb',
      'ada.sheet.png',
      'ada.json',
    ])
    expect(text(await storage.read('ada/ada.json'))).toBe('done')
    storage.close()
  })

  it('keeps what somebody else has put there since one looked', async () => {
    const [one, another] = await Promise.all([1, 2].map(() => openStorage('s3://portraits/twice')))
    for (const storage of [one, another]) expect(await storage.read('bob/mark')).toBeUndefined()
    expect(await put(one, 'bob', { mark: 'one' }, 'mark')).toBe(true)
    expect(await put(another, 'bob', { mark: 'another' }, 'mark')).toBe(false)
    expect(text(await another.read('bob/mark'))).toBe('one')
    // Whoever has seen it may replace it.
    expect(await put(another, 'bob', { mark: 'another' }, 'mark')).toBe(true)
    expect(await put(one, 'bob', { mark: 'one again' }, 'mark')).toBe(false)
    expect(text(await one.read('bob/mark'))).toBe('another')
    for (const storage of [one, another]) storage.close()
  })

  it('is looked through as a folder is, with names as they are', async () => {
    const storage = await openStorage('s3://portraits')
    await put(storage, 'in', { 'b ü#1.jpg': '', 'a.PNG': '', 'notes.txt': '', '.hidden.jpg': '' })
    await put(storage, 'in/Ada L.', { '2.jpg': '', '1.webp': '' })
    await put(storage, 'in/out/x', { 'x.sheet.png': '' })
    await put(storage, '', { 'list.csv': 'person,photo\nAda,in/a.PNG\nAda,in/b ü#1.jpg\n' })
    storage.close()
    const found = async (input: string) =>
      (await findPeople([input], 's3://portraits/in/out')).map(({ name, photos }) => [name, ...photos])
    expect(await found('s3://portraits/in/')).toEqual([
      ['a', 's3://portraits/in/a.PNG'],
      ['b_ü_1', 's3://portraits/in/b ü#1.jpg'],
      ['Ada_L_', 's3://portraits/in/Ada L./1.webp', 's3://portraits/in/Ada L./2.jpg'],
    ])
    expect(await found('s3://portraits/list.csv')).toEqual([
      ['Ada', 's3://portraits/in/a.PNG', 's3://portraits/in/b ü#1.jpg'],
    ])
    await expect(found('s3://portraits/nowhere')).rejects.toThrow('There is no photo')
  })

  it('says what cannot be used', async () => {
    const wanted = { most: 3, what: message('the-photo'), cure: message('give-photo') }
    await expect(readInput('s3://portraits/none.jpg', wanted)).rejects.toThrow('none.jpg (NoSuchKey)')
    await expect(readInput('s3://portraits/list.csv', wanted)).rejects.toThrow('at most 1 MiB')
    await expect(openStorage('s3:///x')).rejects.toThrow('no address of a bucket')
    const elsewhere = await openStorage('s3://no-such-bucket')
    await expect(elsewhere.read('x')).rejects.toThrow('NoSuchBucket')
  })
})
