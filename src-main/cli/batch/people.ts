/** Who is in a batch: persons with their photos, from folders, lists and photos, each with a name no other one has. */
import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, extname, join, relative, resolve } from 'node:path'
import Papa from 'papaparse'
import { clip, message, UserError } from '../../engine/errors.ts'
import { nameKey, numbered, portableName, shortened } from '../../engine/files/names.ts'
import { readRegularFile } from '../../engine/files/regular-file.ts'
import { PHOTO_FORMATS } from '../../engine/images/photo-formats.ts'
import { HEAD_ENDINGS } from '../head-files.ts'

export interface Person {
  /** Of the folder of results and of the files in it. */
  readonly name: string
  /** Where the person was found: a photo, a folder, or a list and what it calls the person. Stays when photos are added. */
  readonly source: string
  /** Absolute paths. */
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
 * @param output is left out of the folders
 * @param earlier keep their names
 * @throws UserError where an input cannot be read, or there is nobody
 */
export async function findPeople(
  inputs: readonly string[],
  output: string,
  earlier: readonly Person[] = [],
): Promise<Person[]> {
  const found: Found[] = []
  for (const input of inputs) found.push(...(await lookInto(resolve(input), resolve(output))))
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

async function lookInto(path: string, output: string): Promise<Found[]> {
  const there = statSync(path, { throwIfNoEntry: false })
  if (!there) throw new UserError('no-such-input', { path: clip(path) })
  if (there.isDirectory()) return lookIntoFolder(path, path, output)
  return extname(path).toLowerCase() === LIST ? readList(path) : [alone(path)]
}

const alone = (photo: string): Found => ({
  wish: basename(photo, extname(photo)),
  source: photo,
  photos: [photo],
})

function lookIntoFolder(folder: string, top: string, output: string): Found[] {
  const photos: string[] = []
  const below: Found[] = []
  // The same order on every machine, whatever its language.
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.name.startsWith('.') || path === output) continue
    if (entry.isDirectory()) below.push(...lookIntoFolder(path, top, output))
    else if (extensions.has(extname(entry.name).toLowerCase())) photos.push(path)
  }
  if (folder === top) return [...photos.map(alone), ...below]
  return [...(photos.length > 0 ? [{ wish: relative(top, folder), source: folder, photos }] : []), ...below]
}

/** Rows of one person belong together wherever they stand. */
async function readList(path: string): Promise<Found[]> {
  const [what, cure] = [message('the-list'), message('give-list')]
  const bytes = await readRegularFile(path, { most: MOST_LIST_BYTES, what, cure })
  const { data, meta } = Papa.parse<Record<string, string | undefined>>(new TextDecoder().decode(bytes), {
    header: true,
    skipEmptyLines: 'greedy',
    transformHeader: (name) => name.trim().toLowerCase(),
  })
  if (!['person', 'photo'].every((name) => meta.fields?.includes(name))) {
    throw new UserError('list-without-columns', { path: clip(path) })
  }
  const people = new Map<string, string[]>()
  for (const [row, { person = '', photo = '' }] of data.entries()) {
    if (person.trim() === '' || photo.trim() === '') {
      throw new UserError('list-row-incomplete', { path: clip(path), row: row + 1 })
    }
    const photos = people.get(person.trim()) ?? []
    people.set(person.trim(), photos)
    photos.push(resolve(dirname(path), photo.trim()))
  }
  return [...people].map(([person, photos]) => ({ wish: person, source: `${path}#${person}`, photos }))
}
