/** The networks the tests run are those that the installed packages give: other tests take them as they are. */
import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { networkFile } from '../src-main/engine/networks/folder.ts'
import { buildDlibNetwork } from './dlib-network.ts'
import { buildFaceResNetwork } from './faceres-network.ts'
import { buildMatteNetwork } from './matte-network.ts'

it.each([
  ['faceres.safetensors', buildFaceResNetwork],
  ['dlib.safetensors', buildDlibNetwork],
  ['matte.safetensors', buildMatteNetwork],
])('%s is what is made of the packages (`npx tsx scripts/assets.ts --force`)', async (name, make) => {
  expect(Buffer.concat(await make()).equals(await readFile(networkFile(name)))).toBe(true)
})
