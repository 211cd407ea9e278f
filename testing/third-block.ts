/** A generator with two blocks in its super-resolution, and the same one with a third. */
import type { GeneratorConfig } from '../src-main/engine/checkpoint/config.ts'
import { expectedWeights } from '../src-main/engine/checkpoint/generator-file.ts'
import { Generator, type Weights } from '../src-main/engine/generator/generator.ts'
import { normalArray } from '../src-main/engine/random.ts'
import type { Runtime } from '../src-main/engine/runtime/runtime.ts'
import { GoldenCase } from './golden-case.ts'

export const golden = new GoldenCase('tiny2x')
const { config } = golden

function configWith(kind: '4X' | '4X2X', input_resolution: number): GeneratorConfig {
  const { channels, ...rest } = config.super_resolution!
  return {
    ...config,
    image_resolution: (kind === '4X' ? 2 : 4) * input_resolution,
    super_resolution: { ...rest, class: kind, input_resolution, channels: kind === '4X' ? channels : [...channels, 4] },
  }
}

/** The recorded weights, and random ones where those do not fit. */
function weightsOf(config: GeneratorConfig): Weights {
  const entries = [...expectedWeights(config)].map(([name, shape], i) => {
    const length = shape.reduce((product, size) => product * size, 1)
    const recorded = golden.weights.get(name)
    return [name, recorded?.data.length === length ? recorded : { shape, data: normalArray(length, 1, i) }] as const
  })
  return new Map(entries)
}

/** @param side of the rendering that the super-resolution takes */
export function twoBlocks(runtime: Runtime, side: number): Generator {
  const config = configWith('4X', side)
  return new Generator(runtime, config, weightsOf(config))
}

/** @param changed weights in the place of its own */
export function threeBlocks(runtime: Runtime, side: number, changed: Weights = new Map()): Generator {
  const config = configWith('4X2X', side)
  return new Generator(runtime, config, new Map([...weightsOf(config), ...changed]))
}
