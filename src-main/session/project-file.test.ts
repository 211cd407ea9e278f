import { strToU8, unzipSync, zipSync } from 'fflate'
import { expect, test } from 'vitest'
import { OLD_RECORD, TEST_RECORD as record } from '../../testing/record.ts'
import { storeFloat32, writeSafetensors } from '../engine/checkpoint/safetensors.ts'
import { packProject, unpackProject } from './project-file.ts'

const tensors = (value: number) =>
  Uint8Array.from(Buffer.concat(writeSafetensors(new Map([['ws', storeFloat32(Float32Array.of(value), [1])]]))))
const parts = {
  photo: new Uint8Array([1, 2, 3]),
  photo2: new Uint8Array([4]),
  head: tensors(4),
  checkpoint: tensors(5),
}
const json = (value: object) => strToU8(JSON.stringify(value))
const changed = (change: (files: Record<string, Uint8Array>) => void) => {
  const files = unzipSync(packProject(record, parts))
  change(files)
  return zipSync(files)
}

test('a project that was packed is unpacked as it was', () => {
  expect(unpackProject(packProject(record, parts), 'x')).toEqual({ record, parts })
  expect(unpackProject(packProject(record, {}), 'x')).toEqual({ record, parts: {} })
})

test('one from before records named their parts, and projects had several photos, is unpacked as well', () => {
  expect(unpackProject(zipSync({ 'project.json': json(OLD_RECORD), photo: parts.photo }), 'x')).toEqual({
    record,
    parts: { photo: parts.photo },
  })
})

test('only the files of a project are taken, wherever others want to go', () => {
  const hostile = zipSync({ 'project.json': json(record), '../../evil': strToU8('x'), 'photo/../x': strToU8('x') })
  expect(unpackProject(hostile, 'x').parts).toEqual({})
})

const claims = (size: number) => {
  const bytes = zipSync({ photo: new Uint8Array(1024) })
  // The size of the entry, in the central directory at its end.
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const directory = bytes.findLastIndex((_, i) => view.getUint32(Math.min(i, bytes.length - 4), true) === 0x02014b50)
  view.setUint32(directory + 24, size, true)
  return bytes
}

test.each([
  ['no zip', strToU8('PK but no zip'), /damaged, or not a Halfturn project/],
  ['nothing', new Uint8Array(0), /damaged, or not a Halfturn project/],
  ['half a zip', packProject(record, parts).subarray(0, 500), /damaged, or not a Halfturn project/],
  ['no record', zipSync({ photo: strToU8('x') }), /no project\.json/],
  ['a record of another kind', zipSync({ 'project.json': json({ format: 'other' }) }), /damaged record/],
  ['no JSON', zipSync({ 'project.json': strToU8('{') }), /damaged record/],
  [
    'a record of parts with other names',
    changed((f) => {
      f['project.json'] = json({ ...record, parts: { photo: '../../photo' } })
    }),
    /damaged record/,
  ],
  [
    'another photo than its own',
    changed((f) => {
      f.photo = strToU8('another')
    }),
    /photo of x\.halfturn is damaged/,
  ],
  [
    'a part that is missing',
    changed((f) => {
      delete f.head
    }),
    /its head is missing/,
  ],
  [
    'a head that is none',
    zipSync({ 'project.json': json(record), head: strToU8('none at all') }),
    /The head of x\.half/,
  ],
  ['a part that claims gigabytes', claims(0x7fffffff), /512 MiB/],
  ['a part that claims more than it can hold', claims(400 * 2 ** 20), /damaged, or not/],
  [
    'a hundred entries',
    zipSync(Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${i}`, strToU8('x')]))),
    /more than/,
  ],
])('a file with %s is refused', (_, bytes, words) => {
  expect(() => unpackProject(bytes, 'x.halfturn')).toThrow(words)
})
