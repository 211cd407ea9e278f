/** Who is in a batch: persons with their photos, from folders, lists and photos, each with a name no other one has. */
import { statSync } from 'node:fs'
import { basename, dirname, extname, posix } from 'node:path'
import Papa from 'papaparse'
import { clipText, message, UserError } from '../../engine/errors.ts'
import { nameKey, numbered, portableName, shortened } from '../../engine/files/names.ts'
import { PHOTO_FORMATS } from '../../engine/images/photo-formats.ts'
import { HEAD_ENDINGS } from '../head-files.ts'
import { addressOf, inBucket, openStorage, readInput } from './storage/address.ts'

export interface Person {
  /** Of the folder of results and of the files in it. */
  readonly name: string
  /** Where the person was found: a photo, a folder, or a list and what it calls the person. Stays when photos are added. */
  readonly source: string
  /** Addresses. */
  readonly photos: readonly string[]
}

type Found = Omit<Person, 'name'> & { readonly wish: string }

const LIST = '.csv'
const MOST_LIST_BYTES = 256 * 2 ** 20
/** Bytes of a name: those file systems that take the fewest, encrypted ones, take so many. */
const LONGEST_NAME = 143
const extensions = new Set(PHOTO_FORMATS.flatMap((format) => format.extensions.map((extension) => `.${extension}`)))

/**
 * @param inputs folders (every photo in it is a person, every folder below with photos in it is one), lists
 * (`person,photo` in CSV, paths from where the list lies) and photos
 * @param output address of what is left out of the folders
 * @param earlier keep their names
 * @throws UserError where an input cannot be read, or there is nobody
 */
export async function findPeople(
  inputs: readonly string[],
  output: string,
  earlier: readonly Person[] = [],
): Promise<Person[]> {
  const found: Found[] = []
  for (const input of inputs) found.push(...(await lookInto(addressOf(input), output)))
  if (found.length === 0) {
    throw new UserError('nobody-there')
  }
  const names = new Map(earlier.map(({ source, name }) => [source, name]))
  const taken = new Set(RESERVED)
  for (const name of names.values()) taken.add(nameKey(name))
  const people = new Map<string, Person>()
  for (const { wish, source, photos } of found) {
    // What was given twice is one person.
    if (people.has(source)) continue
    const name = names.get(source) ?? freeName(wish, taken)
    taken.add(nameKey(name))
    people.set(source, { name, source, photos })
  }
  return [...people.values()]
}

/** What lies beside the persons' folders. */
export const TABLES = ['csv', 'html', 'png', 'plan.json'] as const
export const TABLE_STEM = 'results'
const RESERVED = TABLES.map((ending) => nameKey(`${TABLE_STEM}.${ending}`))

function freeName(wish: string, taken: ReadonlySet<string>): string {
  const stem = shortened(portableName(wish).replace(/^\.|^$/, '_'), HEAD_ENDINGS, LONGEST_NAME)
  for (let n = 1; ; n++) {
    const name = numbered(stem, n)
    if (!taken.has(nameKey(name))) return name
  }
}

async function lookInto(input: string, output: string): Promise<Found[]> {
  const ending = extname(input).toLowerCase()
  // A bucket does not tell a folder from a file.
  const there = inBucket(input) ? undefined : statSync(input, { throwIfNoEntry: false })
  if (!there && !inBucket(input)) throw new UserError('no-such-input', { path: clipText(input) })
  if (there ? there.isDirectory() : ending !== LIST && !extensions.has(ending)) return lookIntoFolder(input, output)
  return ending === LIST ? readList(input) : [alone(input)]
}

const alone = (photo: string): Found => ({
  wish: basename(photo, extname(photo)),
  source: photo,
  photos: [photo],
})

async function lookIntoFolder(address: string, output: string): Promise<Found[]> {
  const storage = await openStorage(address)
  const groups = new Map<string, string[]>()
  for (const path of await storage.list(output)) {
    if (!extensions.has(extname(path).toLowerCase())) continue
    const folder = posix.dirname(path)
    const photos = groups.get(folder) ?? []
    groups.set(folder, photos)
    photos.push(storage.at(path))
  }
  const top = groups.get('.') ?? []
  groups.delete('.')
  return [
    ...top.map(alone),
    ...[...groups].map(([folder, photos]) => ({ wish: folder, source: storage.at(folder), photos })),
  ]
}

/** Rows of one person belong together wherever they stand. */
async function readList(path: string): Promise<Found[]> {
  const [what, cure] = [message('the-list'), message('give-list')]
  const bytes = await readInput(path, { most: MOST_LIST_BYTES, what, cure })
  const { data, meta } = Papa.parse<Record<string, string | undefined>>(textOf(bytes), {
    header: true,
    skipEmptyLines: 'greedy',
    transformHeader: (name) => name.trim().toLowerCase(),
  })
  if (!['person', 'photo'].every((name) => meta.fields?.includes(name))) {
    throw new UserError('list-without-columns', { path: clipText(path) })
  }
  const people = new Map<string, Set<string>>()
  for (const [row, { person = '', photo = '' }] of data.entries()) {
    if (person.trim() === '' || photo.trim() === '') {
      throw new UserError('list-row-incomplete', { path: clipText(path), row: row + 1 })
    }
    const photos = people.get(person.trim()) ?? new Set()
    people.set(person.trim(), photos.add(besides(path, photo.trim())))
  }
  return [...people].map(([person, photos]) => ({ wish: person, source: `${path}#${person}`, photos: [...photos] }))
}

/** Spreadsheets still write lists in the code page of their system: where it is no UTF-8, it is taken for Western. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

/** What a list calls a photo, seen from where the list lies. */
function besides(list: string, photo: string): string {
  if (!inBucket(list) || inBucket(photo)) return addressOf(photo, dirname(list))
  return `s3://${posix.join(dirname(list).slice('s3://'.length), photo)}`
}
