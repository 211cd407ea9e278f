import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findPeople } from './people.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'people-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const at = (...path: string[]) => join(folder, ...path)
function put(...names: string[]): void {
  for (const name of names) {
    mkdirSync(dirname(at(name)), { recursive: true })
    writeFileSync(at(name), '')
  }
}
const namesOf = async (inputs: string[], output = at('out')) =>
  (await findPeople(inputs, output)).map(({ name, photos }) => [
    name,
    ...photos.map((photo) => photo.slice(folder.length + 1)),
  ])

describe('a folder', () => {
  it('gives a person for every photo in it, and one for every folder below', async () => {
    put('in/b.jpg', 'in/a.PNG', 'in/notes.txt', 'in/.hidden.jpg', 'in/Ada L./2.jpg', 'in/Ada L./1.webp', 'in/x/y/3.jpg')
    expect(await namesOf([at('in')])).toEqual([
      ['a', 'in/a.PNG'],
      ['b', 'in/b.jpg'],
      ['Ada_L_', 'in/Ada L./1.webp', 'in/Ada L./2.jpg'],
      ['x_y', 'in/x/y/3.jpg'],
    ])
  })

  it('is not asked for the results that lie in it', async () => {
    put('in/a.jpg', 'in/out/a/a.sheet.png', 'in/out/results.png')
    expect(await namesOf([at('in')], at('in/out'))).toEqual([['a', 'in/a.jpg']])
  })

  it('with nothing in it is refused, as is one that is not there', async () => {
    put('in/notes.txt')
    await expect(findPeople([at('in')], at('out'))).rejects.toThrow('There is no photo')
    await expect(findPeople([at('nowhere')], at('out'))).rejects.toThrow('nowhere')
  })
})

describe('a list', () => {
  const list = (text: string | Uint8Array) => {
    put('in/a.csv')
    writeFileSync(at('in/a.csv'), text)
    return at('in/a.csv')
  }

  it('groups the photos of a person, wherever the rows stand, with paths from where it lies', async () => {
    const rows = '\ufeffPhoto;Person\r\n1.jpg;Ada\r\n"sub/2;3.jpg";Bob\r\n../4.jpg;Ada\r\n\r\n'
    expect(await namesOf([list(rows)])).toEqual([
      ['Ada', 'in/1.jpg', '4.jpg'],
      ['Bob', 'in/sub/2;3.jpg'],
    ])
  })

  it('counts a photo once, and may come from an old spreadsheet', async () => {
    const rows = Buffer.from('Person;Photo\r\nJ\xfcrgen;M\xfcller.jpg\r\nJ\xfcrgen;M\xfcller.jpg\r\n', 'latin1')
    expect(await namesOf([list(rows)])).toEqual([['Jürgen', 'in/Müller.jpg']])
  })

  it.each([
    ['name,photo\na,b.jpg', 'no columns person and photo'],
    ['person,photo\na,b.jpg\nc,\n', 'row 2 below the first line'],
    ['', 'no columns'],
    ['person,photo\n', 'There is no photo'],
  ])('is refused where it says too little: %j', async (text, message) => {
    await expect(findPeople([list(text)], at('out'))).rejects.toThrow(message)
  })
})

describe('names', () => {
  it('never clash: not by their case, their accents, their endings, nor with the tables', async () => {
    put(
      'in/Ada.jpg',
      'in/ada.png',
      'in/e\u0301.jpg',
      'in/\u00e9.png',
      'in/ada/1.jpg',
      'in/results.csv.jpg',
      'in/CON.jpg',
    )
    const people = await findPeople([at('in')], at('out'))
    const names = people.map(({ name }) => name)
    expect(new Set(names.map((name) => name.normalize('NFC').toLowerCase())).size).toBe(7)
    expect(names).toContain('results.csv-2')
    expect(names).toContain('_CON')
    for (const name of names) expect(name).not.toMatch(/[/\\]|^\.|^$/)
  })

  it('are shortened to what every disk takes, and lead nowhere else', async () => {
    put('in/a.csv')
    writeFileSync(at('in/a.csv'), `person,photo\n${'ü'.repeat(200)},1.jpg\n..,2.jpg\n.halfturn,3.jpg\n/,4.jpg\n`)
    const names = (await findPeople([at('in/a.csv')], at('out'))).map(({ name }) => name)
    expect(Buffer.byteLength(names[0])).toBeLessThan(143)
    expect(names.slice(1)).toEqual(['__', '_halfturn', '_'])
  })

  it('stay when others come in between, and nobody is there twice', async () => {
    put('in/b.jpg', 'in/b.png')
    const before = await findPeople([at('in')], at('out'))
    expect(before.map(({ name }) => name)).toEqual(['b', 'b-2'])
    put('in/b.bmp')
    const after = await findPeople([at('in'), at('in')], at('out'), before)
    expect(after.map(({ name, source }) => [name, source.slice(-3)])).toEqual([
      ['b-3', 'bmp'],
      ['b', 'jpg'],
      ['b-2', 'png'],
    ])
  })
})
