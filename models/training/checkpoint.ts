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
import { writeFileAtomic } from '../../src-main/engine/files.ts'
import { Adam } from '../../src-main/engine/inversion/adam.ts'
import type { Trainer } from './trainer.ts'

const PARTS = ['weights', 'average', 'first', 'second'] as const

export interface Progress {
  readonly steps: number
  readonly seconds: number
}

/** @param extras kept in the file, such as the code basis */
export async function saveTraining(
  path: string,
  trainer: Trainer,
  extras: Iterable<[string, Weight]>,
  seconds: number,
): Promise<void> {
  const tensors = new Map<string, StoredTensor>()
  const put = (name: string, values: Float32Array) => tensors.set(name, storeFloat32(values, [values.length]))
  for (const [name, values] of Object.entries(trainer.weights)) put(`weights/${name}`, values)
  for (const [name, values] of Object.entries(trainer.average)) put(`average/${name}`, values)
  const adamSteps: Record<string, number> = {}
  for (const [name, adam] of Object.entries(trainer.adams)) {
    put(`first/${name}`, adam.first)
    put(`second/${name}`, adam.second)
    adamSteps[name] = adam.steps
  }
  for (const [name, { shape, data }] of extras) tensors.set(`extras/${name}`, storeFloat32(data, shape))
  const state = { steps: trainer.steps, seconds, adamSteps, config: trainer.config }
  await writeFileAtomic(path, ...writeSafetensors(tensors, { state: JSON.stringify(state) }))
}

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
    trainer.steps = steps
    for (const [key, tensor] of tensors) {
      const [part, name] = [key.slice(0, key.indexOf('/')) as (typeof PARTS)[number], key.slice(key.indexOf('/') + 1)]
      if (!PARTS.includes(part)) continue
      const values = toFloat32(tensor)
      if (part === 'weights' || part === 'average') trainer[part][name].set(values)
      else {
        trainer.adams[name] ??= new Adam(values.length, { beta2: 0.99 })
        trainer.adams[name][part].set(values)
        trainer.adams[name].steps = adamSteps[name]
      }
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
