/** Where photos and lists of a batch lie and its results go: folders, or buckets of an S3-compatible object storage. */
import { resolve } from 'node:path'
import { type RegularFile, readRegularFile } from '../../../engine/files/regular-file.ts'

/** A folder, or a part of a bucket. Paths in it are relative, parted by `/`. */
export interface Storage {
  readonly address: string
  /**
   * @param except address of what is left out, as are hidden files
   * @returns the paths of its files, in the same order on every machine
   */
  list(except: string): Promise<string[]>
  /** Address of a path in it. */
  at(path: string): string
  /** @returns nothing where there is no such file */
  read(path: string): Promise<Uint8Array | undefined>
  /** Folder of this machine in which the files of a set come to be. */
  desk(path: string): string
  /**
   * Hands over files that lie on the desk of `path`.
   * @param mark handed over last, for it says that all are there; unless it has changed since it was read here
   * @returns false where it has: then somebody else's files count
   * @throws UserError where the storage does not take them
   */
  publish(path: string, names: readonly string[], mark?: string): Promise<boolean>
  /** Clears the desks away. */
  close(): void
}

const S3 = 's3://'
export const inBucket = (address: string): boolean => address.startsWith(S3)

/** The whole address of what was named in short, seen from a folder of this machine. */
export const addressOf = (wanted: string, from = ''): string =>
  inBucket(wanted) ? wanted.replace(/\/+$/, '') : resolve(from, wanted)

// What speaks to object storage is loaded where there is such an address.
const bucket = () => import('./bucket.ts')

/** @throws UserError where the address is none */
export async function openStorage(address: string): Promise<Storage> {
  if (inBucket(address)) return new (await bucket()).Bucket(address)
  return new (await import('./folder.ts')).Folder(address)
}

/** @throws UserError as {@link readRegularFile} does */
export async function readInput(address: string, wanted: RegularFile): Promise<Uint8Array> {
  return inBucket(address) ? (await bucket()).readObject(address, wanted) : readRegularFile(address, wanted)
}
