/** Programs that open what is saved: Blender, and three.js in Chromium. Each shows a file as a camera sees it. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { chromium } from '@playwright/test'
import sharp from 'sharp'
import type { FormatName } from '../../src-main/engine/surface/formats/formats.ts'

const root = join(import.meta.dirname, '../..')
const BLENDER = process.env.BLENDER ?? '/usr/bin/blender'
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.png': 'image/png' }

/** @returns RGB, 8 bits, `side * side` pixels, on white, in the file's own colours; it is left beside the file as a PNG */
type Open = (folder: string, file: string, label: Float32Array, side: number) => Promise<Uint8Array>

/** How long is waited for what never comes, ms; how fast it comes says how busy the machine is. */
const NEVER = 10 * 60_000

interface Program {
  readonly open: Open
  /** Formats, of those that have colours. */
  readonly reads: readonly FormatName[]
}

/** The programs that are here, and the names of those that are not. Debian's Blender is built without USD. */
export const programs: Readonly<Record<string, Program>> = {
  ...(existsSync(BLENDER) && { Blender: { open: openInBlender, reads: ['glb', 'obj'] } }),
  ...(existsSync(CHROMIUM) && { 'three.js': { open: openInThree, reads: ['glb', 'obj', 'usdz'] } }),
}
export const missing = [
  ...(existsSync(BLENDER) ? [] : ['Blender (apt-get install blender)']),
  ...(existsSync(CHROMIUM) ? [] : ['Chromium (apt-get install chromium)']),
]

async function openInBlender(folder: string, file: string, label: Float32Array, side: number): Promise<Uint8Array> {
  const camera = join(folder, `${file}.camera.json`)
  await writeFile(camera, JSON.stringify([...label]))
  const [unlit, lit] = ['', '-lit'].map((kind) => join(folder, `${file}-blender${kind}.png`))
  const script = join(import.meta.dirname, 'blender.py')
  const options = ['-b', '--factory-startup', '--python-exit-code', '1', '-P', script, '--']
  await promisify(execFile)(BLENDER, [...options, join(folder, file), camera, `${side}`, unlit, lit], {
    maxBuffer: 1 << 26,
  })
  return pixelsOf(await readFile(unlit))
}

async function openInThree(folder: string, file: string, label: Float32Array, side: number): Promise<Uint8Array> {
  const three = join(root, 'node_modules/three')
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost')
    const path =
      pathname === '/'
        ? join(import.meta.dirname, 'three.html')
        : pathname.startsWith('/three/')
          ? join(three, pathname.slice('/three/'.length))
          : join(folder, pathname.slice('/files/'.length))
    const bytes = await readFile(path).catch(() => null)
    if (!bytes) response.writeHead(404).end()
    else response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream').end(bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    timeout: NEVER,
    args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
  })
  try {
    const page = await browser.newPage({ viewport: { width: side, height: side } })
    page.setDefaultTimeout(NEVER)
    const said: string[] = []
    page.on('pageerror', ({ message }) => said.push(message))
    page.on('console', (line) => ['error', 'warning'].includes(line.type()) && said.push(line.text()))
    const query = new URLSearchParams({ file, label: JSON.stringify([...label]), side: `${side}` })
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/?${query}`)
    await page
      .waitForFunction(() => document.title === 'done')
      .catch((cause) => {
        throw new Error(`three.js did not show ${file}: ${said.join('; ')}`, { cause })
      })
    return await pixelsOf(await page.screenshot({ path: join(folder, `${file}-three.png`) }))
  } finally {
    await browser.close()
    server.close()
  }
}

async function pixelsOf(png: Buffer): Promise<Uint8Array> {
  return new Uint8Array(await sharp(png).flatten({ background: '#ffffff' }).toColourspace('srgb').raw().toBuffer())
}
