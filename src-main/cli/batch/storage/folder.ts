/** A folder of this machine, or one that several share: whatever comes to be in it is there. */
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Storage } from './storage.ts'

export class Folder implements Storage {
  readonly address: string

  constructor(address: string) {
    this.address = address
  }

  async list(except: string): Promise<string[]> {
    return listBelow(this.address, '', except)
  }

  at(path: string): string {
    return join(this.address, path)
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return readFile(this.at(path)).catch(() => undefined)
  }

  desk(path: string): string {
    return this.at(path)
  }

  async publish(): Promise<boolean> {
    return true
  }

  close(): void {}
}

function listBelow(folder: string, prefix: string, except: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.name.startsWith('.') || path === except) return []
    return entry.isDirectory() ? listBelow(path, `${prefix}${entry.name}/`, except) : [prefix + entry.name]
  })
}
