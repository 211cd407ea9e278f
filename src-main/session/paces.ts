/** What the parts of jobs cost on this machine, as the last of each kind took: kept beside the preferences. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomic } from '../engine/files/atomic.ts'
import type { Costs } from './time-left.ts'

const some = z.number().min(0).max(1e4)
const cost = z.object({ enter: some, step: some.positive() })
const costs = z.object({ code: cost, layers: cost, shape: cost, detail: cost, afterwards: some })
const stored = z.record(z.string(), costs)
/** Kinds that are kept, the last ones. */
const MOST = 30

export class Paces {
  private readonly path: string
  private readonly known: Map<string, Costs>

  /** @param folder where the preferences lie */
  constructor(folder: string) {
    this.path = join(folder, 'paces.json')
    this.known = new Map(Object.entries(read(this.path)))
  }

  /** @param kind whatever makes jobs alike: what they run on, generator, quality, photos */
  of(kind: string): Costs | undefined {
    return this.known.get(kind)
  }

  /** @throws UserError where the disk refuses; they are known all the same until the process ends */
  async keep(kind: string, costs: Costs): Promise<void> {
    this.known.delete(kind)
    this.known.set(kind, costs)
    for (const old of [...this.known.keys()].slice(0, -MOST)) this.known.delete(old)
    await writeFileAtomic(this.path, JSON.stringify(Object.fromEntries(this.known)))
  }
}

function read(path: string): Record<string, Costs> {
  try {
    return stored.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return {}
  }
}
