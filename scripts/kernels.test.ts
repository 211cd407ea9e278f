import { expect, it } from 'vitest'
import { compileKernel, kernels, readKernel } from './kernels.ts'

it.each(kernels)('$module is what $source compiles to', async (kernel) => {
  expect(await readKernel(kernel)).toBe(await compileKernel(kernel))
})
