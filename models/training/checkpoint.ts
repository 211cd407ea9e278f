/** Where a training run stands, as one safetensors file: everything needed to go on as if it had not stopped. */
import { readFile } from 'node:fs/promises'
import { type GeneratorConfig, parseConfig } from '../../src-main/engine/checkpoint/config.ts'
import { type Weight, writeGeneratorFile } from '../../src-main/engine/checkpoint/generator-file.ts'
import {
  readSafetensors,
  type StoredTensor,
  storeFloat16,
  storeFloat32,
  toFloat32,
  writeSafetensors,
} from '../../src-main/engine/checkpoint/safetensors.ts'
import { writeFileAtomic } from '../../src-main/engine/files/atomic.ts'
import { type Optimiser, PARTS, type StatePart } from './optimiser.ts'
import type { Trainer } from './trainer.ts'

/** @param extras kept in the file, such as the code basis */
export async function saveTraining(
  path: string,
  trainer: Trainer,
  extras: Iterable<[string, Weight]>,
  seconds: number,
): Promise<void> {
  const tensors = new Map<string, StoredTensor>()
  const put = (name: string, values: Float32Array) => tensors.set(name, storeFloat32(values, [values.length]))
  const adamSteps: Record<string, number> = {}
  for (const optimiser of optimisersOf(trainer)) {
    const { steps, ...parts } = await optimiser.read()
    Object.assign(adamSteps, steps)
    for (const part of PARTS) {
      for (const [name, values] of Object.entries(parts[part])) put(`${part}/${name}`, values)
    }
  }
  for (const [name, { shape, data }] of extras) tensors.set(`extras/${name}`, storeFloat32(data, shape))
  const state = { steps: trainer.steps, seconds, adamSteps, config: trainer.config }
  await writeFileAtomic(path, ...writeSafetensors(tensors, { state: JSON.stringify(state) }))
}

/** Their weights' names differ. */
const optimisersOf = ({ optimiser, adversary }: Trainer): Optimiser[] =>
  adversary ? [optimiser, adversary.optimiser] : [optimiser]

/** What `saveTraining` wrote, or undefined where there is nothing yet. */
export async function loadTraining(path: string) {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!bytes) return undefined
  const { metadata, tensors } = readSafetensors(bytes, path)
  const { steps, seconds, adamSteps, config } = JSON.parse(metadata.state)
  const extras = new Map<string, Weight>()
  for (const [name, tensor] of tensors) {
    if (name.startsWith('extras/'))
      extras.set(name.slice('extras/'.length), { shape: tensor.shape, data: toFloat32(tensor) })
  }
  const restore = (trainer: Trainer): void => {
    const parts = Object.fromEntries(PARTS.map((part) => [part, {}])) as Record<StatePart, Record<string, Float32Array>>
    for (const [key, tensor] of tensors) {
      const [part, name] = [key.slice(0, key.indexOf('/')) as StatePart, key.slice(key.indexOf('/') + 1)]
      if (PARTS.includes(part)) parts[part][name] = toFloat32(tensor)
    }
    trainer.steps = steps
    for (const optimiser of optimisersOf(trainer)) {
      const names = Object.keys(optimiser.weights)
      // A discriminator that was not there yet begins anew.
      if (!names.every((name) => parts.weights[name])) continue
      const own = <T>(values: Record<string, T>) =>
        Object.fromEntries(names.filter((name) => name in values).map((name) => [name, values[name]]))
      const [weights, average, first, second] = PARTS.map((part) => own(parts[part]))
      optimiser.restore({ weights, average, first, second, steps: own<number>(adamSteps) })
    }
  }
  return { config: parseConfig(config), extras, seconds: seconds as number, restore }
}

/** Writes a generator's file: large weights in half precision, everything else in full. */
export async function saveGenerator(
  path: string,
  config: GeneratorConfig,
  shapes: ReadonlyMap<string, Weight>,
  values: Readonly<Record<string, Float32Array>>,
  extras: Iterable<[string, Weight]>,
): Promise<void> {
  const tensors = new Map<string, StoredTensor>()
  const put = (name: string, shape: number[], data: Float32Array) =>
    tensors.set(name, data.length > 1024 ? storeFloat16(data, shape) : storeFloat32(data, shape))
  for (const [name, { shape }] of shapes) put(name, shape, values[name])
  for (const [name, { shape, data }] of extras) put(name, shape, data)
  await writeFileAtomic(path, ...writeGeneratorFile(config, tensors))
}
