/** What the store asks of a disk: few things, so that tests can fill it up, and whole ones, so that a kill leaves no half. */
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { explainWriteError, writeFileAtomic } from '../engine/files/atomic.ts'

export interface Disk {
  /** @throws where it is not there */
  read(path: string): Promise<Uint8Array>
  /** Wholly, or not at all; makes missing folders. */
  write(path: string, ...chunks: (Uint8Array | string)[]): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** A file, or a folder with all in it; nothing where it is not there. */
  remove(path: string): Promise<void>
  /** Names in a folder; none where it is not there. */
  list(folder: string): Promise<string[]>
  /** Size in bytes and time of the last change, milliseconds since 1970; nothing where it is not there. */
  look(path: string): Promise<{ size: number; changed: number } | undefined>
}

export const disk: Disk = {
  read: (path) => readFile(path),
  write: writeFileAtomic,
  rename: (from, to) =>
    rename(from, to).catch((error) => {
      throw explainWriteError(error, to)
    }),
  remove: (path) =>
    rm(path, { recursive: true, force: true }).catch((error) => {
      throw explainWriteError(error, path)
    }),
  list: (folder) => readdir(folder).catch(() => []),
  look: (path) =>
    stat(path).then(
      ({ size, mtimeMs }) => ({ size, changed: mtimeMs }),
      () => undefined,
    ),
}
