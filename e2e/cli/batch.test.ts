/** halfturn batch from the outside, with real heads: killed, stopped, gone on with, and what it leaves. */
import { copyFileSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Papa from 'papaparse'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { denseGenerator } from '../../testing/generator.ts'
import { samplePath } from '../../testing/sample.ts'
import { expectRefusal, type FinishedRun, linesOf, Workplace } from './command.ts'

const place = new Workplace()
afterAll(() => place.remove())
const generator = place.write('tiny.safetensors', denseGenerator())
const common = ['--generator', generator, '--provider', 'cpu', '--quality', 'fast', '--steps', '3']
const files = ['--mesh-resolution', '64', '--format', 'stl', '--json']
const root = place.path('heads')
const args = ['batch', place.path('photos'), '-o', root, ...common, ...files]
const stampOf = (...path: string[]) => statSync(join(root, ...path), { bigint: true }).mtimeNs

describe('a batch', () => {
  let killed: FinishedRun
  let first: bigint
  beforeAll(async () => {
    mkdirSync(place.path('photos', 'bob'), { recursive: true })
    copyFileSync(samplePath, place.path('photos', 'ada.jpg'))
    await sharp(samplePath)
      .flop()
      .toFile(place.path('photos', 'bob', '1.jpg'))
    const lawn = sharp({ create: { width: 300, height: 300, channels: 3, background: '#4a7040' } })
    await lawn.toFile(place.path('photos', 'lawn.png'))
    killed = await place.run(args, { interrupt: /"person":"ada"/, signal: 'SIGKILL' })
    first = stampOf('ada', 'ada.stl')
  })

  it('that was killed is not begun anew by chance, nor gone on with otherwise', async () => {
    expect(killed.code).toBe(137)
    expectRefusal(await place.run(args), /heads holds a batch already/)
    expectRefusal(await place.run([...args, '--resume', '--seed', '4']), /was begun with --seed 0, not 4\./)
  })

  it('stops at Ctrl-C and says how to go on', async () => {
    const stopped = await place.run([...args, '--resume'], { interrupt: /Running on/ })
    expect(stopped.code).toBe(130)
    const last = linesOf(stopped).at(-1)!
    expect(last).toMatchObject({ stopped: true, code: 'batch-stopped' })
    expect(last.message).toContain(`Go on: halfturn ${args.join(' ')} --resume`)
  })

  it('is gone on with, makes nothing twice, passes over what it cannot use, and ends with the tables', async () => {
    const run = await place.run([...args, '--resume'])
    expect(run.stderr).toBe('')
    expect(run.code).toBe(3)
    expect(stampOf('ada', 'ada.stl')).toBe(first)
    expect(place.files('heads')).toEqual([
      ...['ada/ada.result.json', 'ada/ada.sheet.png', 'ada/ada.stl'],
      ...['bob/bob.result.json', 'bob/bob.sheet.png', 'bob/bob.stl'],
      'lawn/lawn.result.json',
      ...['results.csv', 'results.html', 'results.plan.json', 'results.png'],
    ])
    const table = readFileSync(join(root, 'results.csv'), 'utf8')
    const { data } = Papa.parse<Record<string, string>>(table, { header: true, skipEmptyLines: true })
    expect(data.map(({ person, error }) => [person, error])).toEqual([
      ['ada', ''],
      ['lawn', 'no-face'],
      ['bob', ''],
    ])
    for (const { person, input_psnr, cpu_seconds } of data) {
      if (person !== 'lawn') expect(Number(input_psnr), person).toBeGreaterThan(0)
      expect(Number(cpu_seconds), person).toBeGreaterThan(0)
    }
    const { width = 0, height = 0 } = await sharp(join(root, 'results.png')).metadata()
    expect(Math.min(width, height)).toBeGreaterThan(300)
  })

  it('that is done has nothing left to do, and says the same again', async () => {
    const before = readFileSync(join(root, 'results.csv'))
    const run = await place.run([...args, '--resume'])
    expect(run.code).toBe(3)
    expect(run.stdout).not.toContain('Running on')
    expect(readFileSync(join(root, 'results.csv'))).toEqual(before)
    expect(stampOf('ada', 'ada.stl')).toBe(first)
  })

  it('makes the same bytes as reconstruct', async () => {
    const alone = place.path('alone')
    const run = await place.run(['reconstruct', place.path('photos', 'bob', '1.jpg'), '-o', alone, ...common, ...files])
    expect(run.code).toBe(0)
    expect(readFileSync(join(alone, '1.stl')).equals(readFileSync(join(root, 'bob', 'bob.stl')))).toBe(true)
  })

  it.each([
    [['batch'], /batch takes folders, lists or photos, and -o/],
    [['batch', 'photos'], /batch takes folders/],
    [['batch', 'no-such-folder', '-o', 'x'], /There is no .*no-such-folder/],
    [['batch', 'photos', '-o', 'x', '--jobs', '0'], /--jobs is '0'/],
  ])('is refused where it is asked for what there is not: %j', async (words, message) => {
    expectRefusal(await place.run(words), message)
  })
})
