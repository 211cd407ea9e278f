/** The other commands, and what every command does with words it does not know. */

import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { embeddedGenerator, quick, tinyConfig, tinyWeights } from '../../testing/generator.ts'
import { background } from '../../testing/pano-head.ts'
import { checkpoint as checkpointOf } from '../../testing/pickle.ts'
import { expectRefusal, linesOf, Workplace } from './command.ts'

const validator = createRequire(import.meta.url)('gltf-validator') as {
  validateBytes(bytes: Uint8Array): Promise<{ issues: { messages: unknown[] } }>
}
const checkpoint = join(import.meta.dirname, '../../src-main/engine/checkpoint/fixtures/tiny2x.pkl')
const place = new Workplace()
afterAll(() => place.remove())
/** Imported, not merely used from elsewhere. */
const imported = () => place.files('data/generators').filter((file) => file.startsWith('eg3d-'))

describe('halfturn', () => {
  it('explains itself and each command', async () => {
    const help = await place.run(['--help'])
    expect(help.code).toBe(0)
    for (const command of ['reconstruct', 'batch', 'worker', 'generate', 'import', 'info']) {
      expect(help.stdout).toContain(`  ${command} `)
      const one = await place.run([command, '--help'])
      expect(one.code).toBe(0)
      expect(one.stdout).toContain(`usage: halfturn ${command}`)
      expect(Math.max(...one.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120)
    }
  })

  it('speaks the language of the locale', async () => {
    const { code, stderr } = await place.run(['import', 'nowhere.pkl'], { locale: 'de_DE.UTF-8' })
    expect(code).toBe(2)
    expect(stderr).toBe(
      'halfturn: nowhere.pkl konnte nicht gelesen werden (ENOENT).\n' +
        'Den Pfad einer Generatordatei (.safetensors) oder eines EG3D-Checkpoints (.pkl) angeben.\n',
    )
  })

  it.each([
    [['dance'], /no command 'dance'/],
    [['reconstruct'], /takes one to 5 photos/],
    [['reconstruct', ...'abcdef'], /takes one to 5 photos/],
    [['reconstruct', 'a.jpg', 'b.jpg', '--face', '2'], /--face works with one photo/],
    [['reconstruct', 'a.jpg', '--stpes', '3'], /--stpes/],
    [['reconstruct', 'a.jpg', '--steps', 'many'], /--steps is 'many'/],
    [['reconstruct', 'a.jpg', '--learning-rate', '-1'], /learning-rate/],
    [['reconstruct', 'a.jpg', '--quality', 'best'], /--quality is 'best'/],
    [['generate', '--provider', 'abacus'], /--provider is 'abacus'/],
    [['generate', '--truncation', '9'], /--truncation is '9'/],
    [['import'], /takes one file/],
    [['import', 'nowhere.pkl'], /Could not read nowhere\.pkl/],
    [['info', 'nowhere.safetensors'], /Could not read nowhere\.safetensors/],
  ])('refuses %j', async (args, message) => {
    expectRefusal(await place.run(args), message)
  })
})

describe('halfturn generate', () => {
  it('makes a person up: picture, depth and head', async () => {
    const generator = place.generator('quick.safetensors', quick)
    const args = ['generate', '--seed', '4', '-o', place.path('person'), '--generator', generator]
    const run = await place.run([
      ...args,
      '--provider',
      'cpu',
      '--mesh-resolution',
      '64',
      '--triangles',
      '3000',
      '--json',
    ])
    expect(run.stderr).toBe('')
    expect(run.code).toBe(0)
    expect(linesOf(run).at(-1)).toMatchObject({ type: 'message', files: expect.any(Array) })
    const names = ['glb', 'mtl', 'obj', 'png', 'sheet.png'].map((extension) => `person-4.${extension}`)
    expect(place.files('person')).toEqual(names)
    const glb = readFileSync(place.path('person/person-4.glb'))
    expect((await validator.validateBytes(glb)).issues.messages).toEqual([])
  })
})

describe('halfturn import and info', () => {
  it('takes a checkpoint in once and shows it from then on', async () => {
    const first = await place.run(['import', checkpoint])
    expect([first.code, first.stderr]).toEqual([0, ''])
    const [file] = imported()
    expect(first.stdout).toContain(file)
    const second = await place.run(['import', checkpoint])
    expect(second.code).toBe(0)
    expect(second.stdout).toContain('imported before')
    expect(imported()).toEqual([file])

    const info = await place.run(['info', '--json'])
    expect([info.code, info.stderr]).toEqual([0, ''])
    const { providers, generators, version } = JSON.parse(info.stdout)
    expect(version).toMatch(/^\d+\.\d+\.\d+/)
    expect(generators.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining(['default', file]))
    const cpu = providers.find(({ name }: { name: string }) => name === 'cpu')
    expect(cpu).toMatchObject({ available: true })
  })

  it('writes an imported checkpoint where it is told to', async () => {
    const target = place.path('mine.safetensors')
    const run = await place.run(['import', checkpoint, '-o', target])
    expect(run.code).toBe(0)
    const info = await place.run(['info', target])
    expect(info.code).toBe(0)
    expect(info.stdout).toMatch(/: a generator\n {2}name/)

    writeFileSync(target, 'mine')
    const again = await place.run(['import', checkpoint, '-o', target])
    expect(again.stdout).toContain('mine-2.safetensors')
    expect(readFileSync(target, 'utf8')).toBe('mine')
    const replaced = await place.run(['import', checkpoint, '-o', target, '--overwrite'])
    expect([replaced.code, readFileSync(target)]).toEqual([0, readFileSync(place.path('mine-2.safetensors'))])
    // Not what is read, though.
    const own = place.write('own.pkl', readFileSync(checkpoint))
    const kept = await place.run(['import', own, '-o', own, '--overwrite'])
    expect(kept.stdout).toContain('own-2.pkl')
    expect(readFileSync(own)).toEqual(readFileSync(checkpoint))
  })

  it('says what a file is', async () => {
    const generator = await place.run(['info', embeddedGenerator, '--json'])
    expect(JSON.parse(generator.stdout)).toMatchObject({
      kind: 'generator',
      config: { name: 'Halfturn heads', frame: 'own' },
    })
    const pickle = await place.run(['info', checkpoint])
    expect(pickle.stdout).toContain('an EG3D checkpoint')
  })

  it('says of a PanoHead checkpoint that it is one, what is left out, and that none has been tried', async () => {
    const config = tinyConfig({ plane_layers: [3, 3, 3] })
    const weights = tinyWeights(config)
    const pickle = checkpointOf(config, new Map([...weights, ...background(config, weights)]))
    const file = place.write('pano.pkl', pickle)
    const info = await place.run(['info', file])
    expect(info.stdout).toContain('a PanoHead checkpoint')
    expect(info.stdout).toMatch(/3 x 3 channels at 8², 5, 5, 5 layers/)
    const run = await place.run(['import', file, '-o', place.path('pano.safetensors')])
    expect([run.code, run.stdout]).toEqual([0, expect.stringMatching(/Imported pano: .*\n.*PanoHead.*on white/)])
    expect(run.stderr).toMatch(/Note: .*none has been tried.*\nNote: .*background is left out/)
    expect((await place.run(['info', place.path('pano.safetensors')])).stdout).toContain('PanoHead')
    const alone = place.write('alone.pkl', checkpointOf(config, weights))
    expectRefusal(await place.run(['import', alone]), /alone\.pkl has planes of 3 layers.*no background/)
  })

  it('refuses what is neither', async () => {
    const letter = place.write('letter.pkl', 'Dear diary, to-day I made a head.')
    expectRefusal(await place.run(['info', letter]), /letter\.pkl/)
    expectRefusal(await place.run(['import', letter, '-o', place.path('out.safetensors')]), /letter\.pkl/)
    expect(place.files()).not.toContain('out.safetensors')
    const cut = place.write('cut.pkl', readFileSync(checkpoint).subarray(0, 60_000))
    expectRefusal(await place.run(['import', cut]), /cut\.pkl/)
  })
})
