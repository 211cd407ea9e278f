/** What an address stands for: folders, or buckets of an S3-compatible object storage. */
import { resolve } from 'node:path'
import { type RegularFile, readRegularFile } from '../../../engine/files/regular-file.ts'
import type { Storage } from './storage.ts'

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
