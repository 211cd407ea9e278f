import Papa from 'papaparse'
import { describe, expect, it } from 'vitest'
import { inEnglish, message } from '../../engine/errors.ts'
import { inversionSettings } from '../../engine/inversion/inversion-settings.ts'
import { fileChoices } from '../../engine/surface/formats/options.ts'
import { drawPage } from './contact-sheet.ts'
import { differencesOf, type HeadRecord, type Making, recordOf } from './record.ts'
import { drawTable, type Result } from './table.ts'

const making: Making = {
  version: '1.0.0',
  generator: 'a'.repeat(64),
  settings: inversionSettings.parse({}),
  formats: ['glb'],
  mesh: { resolution: 64, triangles: 100 },
  choices: fileChoices.parse({}),
}
const result = (name: string, what: Partial<HeadRecord>): Result => ({
  person: { name, source: `/photos/${name}.jpg`, photos: [`/photos/${name}.jpg`] },
  record: recordOf(making, [], what),
})
const figures = { relief: 40, input: { psnr: 30.25, identity: 0.2 }, views: [{ degrees: -30, identity: 0.3 }] }
const results = [
  result('ada', {
    quality: { verdict: 'good', reason: message('head-good'), figures },
    seconds: 61.5,
    cpu_seconds: 80,
  }),
  result('=1+1', { error: message('no-face') }),
  result('<b>', {
    error: message('photo-refused', { photo: '2.jpg', what: message('photo-empty'), cure: message('photo-empty') }),
  }),
]

describe('the table', () => {
  it('has a line for everybody, with figures, seconds and the code of what went wrong', () => {
    const { data, errors } = Papa.parse<Record<string, string>>(drawTable(results), {
      header: true,
      skipEmptyLines: true,
    })
    expect(errors).toEqual([])
    expect(data).toHaveLength(3)
    expect(data[0]).toMatchObject({ person: 'ada', verdict: 'good', error: '', relief: '40', seconds: '61.5' })
    expect(data[0]).toMatchObject({ input_psnr: '30.25', 'identity_-30': '0.3', source: '/photos/ada.jpg' })
    expect(data[1]).toMatchObject({ verdict: 'error', error: 'no-face', relief: '' })
    expect(data[1].message).toContain('No face')
    expect(data[2].error).toBe('photo-empty')
  })

  it('gives a spreadsheet nothing to execute', () => {
    expect(drawTable(results)).toContain('\n"\'=1+1",error')
  })
})

describe('the page', () => {
  it('shows everybody with a head, says why others have none, and takes no name for markup', () => {
    const page = drawPage(results)
    expect(page).toContain('src="ada/ada.sheet.png"')
    expect(page.match(/<img /g)).toHaveLength(1)
    expect(page).toContain('<b>&lt;b&gt;</b>')
    expect(page).not.toContain('<b><b></b>')
    expect(page).toContain('good 1</label>')
    expect(page).toContain('no head 2</label>')
  })
})

describe('what is to be made', () => {
  it.each([
    [{ version: '1.0.1' }, 'Halfturn 1.0.0, not 1.0.1'],
    [{ generator: 'b'.repeat(64) }, `the generator ${'a'.repeat(12)}, not ${'b'.repeat(12)}`],
    [{ formats: ['glb', 'stl'] }, '--format glb, not glb,stl'],
    [{ settings: inversionSettings.parse({ seed: 2, steps: 9 }) }, "--steps the quality's, not 9"],
    [{ mesh: { resolution: 65, triangles: 100 } }, '--mesh-resolution 64, not 65'],
  ] as const)('is another thing with %j', (change, said) => {
    const differences = differencesOf(making, { ...making, ...(change as Partial<Making>) })
    expect(differences.map(inEnglish)).toContain(said)
    expect(differencesOf(making, structuredClone(making))).toEqual([])
  })
})
