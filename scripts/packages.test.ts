/** What the product reads of its own is in everything it is handed out in. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const networks = readdirSync(join(root, 'models'), { recursive: true, encoding: 'utf8' })
  .filter((file) => /^[^/]+\/[^/]+\.safetensors$/.test(file))
  .map((file) => `models/${file}`)

it.each(['Dockerfile', 'electron-builder.yml'])('%s has every network', (name) => {
  const text = readFileSync(join(root, name), 'utf8')
  expect(networks.length).toBeGreaterThan(1)
  for (const file of [...networks, 'resources/networks/any']) {
    const folder = file.slice(0, file.lastIndexOf('/'))
    expect(
      [file, `${folder}/**`, `${folder} `].some((way) => text.includes(way)),
      file,
    ).toBe(true)
  }
})
