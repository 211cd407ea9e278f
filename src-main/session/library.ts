/** The generators at hand: the embedded one and those the user imported, loaded when first used. */

import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  directionsOf,
  type GeneratorFile,
  readGeneratorFile,
  writeGeneratorFile,
} from '../engine/checkpoint/generator-file.ts'
import { isCheckpoint } from '../engine/checkpoint/generator-input.ts'
import { importCheckpoint, importedName, sha256Of } from '../engine/checkpoint/import.ts'
import { UserError } from '../engine/errors.ts'
import { removeTemporaries, writeFileAtomic } from '../engine/files/atomic.ts'
import { Generator } from '../engine/generator/generator.ts'
import { productFile } from '../engine/product-file.ts'
import type { Runtime } from '../engine/runtime/runtime.ts'
import type { GeneratorSummary } from './api.ts'

export const EMBEDDED = 'default'

export interface Loaded {
  readonly id: string
  readonly generator: Generator
  readonly file: GeneratorFile
  /** Of the generator's file, hexadecimal: projects name the generator they were made with by it. */
  readonly sha256: string
}

export class Library {
  private readonly folder: string
  private readonly runtime: Runtime
  private readonly summaries = new Map<string, GeneratorSummary>()
  private readonly loaded = new Map<string, Promise<Loaded>>()

  /** @param folder where imported generators are kept */
  constructor(runtime: Runtime, folder: string) {
    this.runtime = runtime
    this.folder = folder
  }

  /** All generators, the embedded one first. Files that cannot be read are left out. */
  async list(): Promise<GeneratorSummary[]> {
    const names = await readdir(this.folder).catch(() => [])
    const ids = [EMBEDDED, ...names.filter((name) => name.endsWith('.safetensors')).sort()]
    const all = await Promise.all(ids.map((id) => this.summary(id).catch(() => undefined)))
    return all.filter((summary) => summary !== undefined)
  }

  /** Removes what killed processes left of files they were taking in. */
  tidy(): void {
    if (existsSync(this.folder)) removeTemporaries(this.folder)
  }

  /** @throws UserError where there is no such generator or its file cannot be used */
  load(id: string): Promise<Loaded> {
    let loaded = this.loaded.get(id)
    if (!loaded) {
      loaded = this.read(id)
      this.loaded.set(id, loaded)
      loaded.catch(() => this.loaded.delete(id))
    }
    return loaded
  }

  /** Takes a generator file or an official checkpoint in. The same file twice is the same generator. */
  async add(bytes: Uint8Array, name: string): Promise<GeneratorSummary> {
    const sha256 = sha256Of(bytes)
    const isPickle = isCheckpoint(bytes)
    const id = isPickle ? importedName(sha256) : `generator-${sha256.slice(0, 16)}.safetensors`
    const path = join(this.folder, id)
    if (!existsSync(path)) {
      if (isPickle) {
        const { config, weights } = importCheckpoint(bytes, name, sha256)
        await writeFileAtomic(path, ...writeGeneratorFile(config, weights))
      } else {
        readGeneratorFile(bytes, name)
        await writeFileAtomic(path, bytes)
      }
    }
    return this.summary(id)
  }

  private async summary(id: string): Promise<GeneratorSummary> {
    let summary = this.summaries.get(id)
    if (!summary) {
      summary = summarize(id, readGeneratorFile(await readFile(this.path(id)), id))
      this.summaries.set(id, summary)
    }
    return summary
  }

  /** Of a generator's file, without loading it. */
  async digest(id: string): Promise<string> {
    return sha256Of(await this.bytes(id))
  }

  private async bytes(id: string): Promise<Uint8Array> {
    return readFile(this.path(id)).catch((cause) => {
      throw new UserError('generator-gone', { id }, { cause })
    })
  }

  private async read(id: string): Promise<Loaded> {
    const bytes = await this.bytes(id)
    const file = readGeneratorFile(bytes, id)
    const generator = new Generator(this.runtime, file.config, file.weights, directionsOf(file))
    return { id, file, sha256: sha256Of(bytes), generator }
  }

  private path(id: string): string {
    if (id === EMBEDDED) return embeddedPath()
    // An id comes from a window: only names that `add` gives are files of the folder.
    if (!/^[a-z0-9-]+\.safetensors$/.test(id)) throw new UserError('no-such-generator', { id })
    return join(this.folder, id)
  }
}

function summarize(id: string, file: GeneratorFile): GeneratorSummary {
  const { name, licence, super_resolution, image_resolution, neural_rendering_resolution } = file.config
  const resolution = super_resolution ? image_resolution : neural_rendering_resolution
  return { id, name, licence, resolution, traits: [...directionsOf(file).keys()] }
}

const embeddedPath = () => productFile('models', 'default', 'generator.safetensors')
