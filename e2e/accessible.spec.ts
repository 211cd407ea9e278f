/** The window for people who see little or use no mouse: every state, in both appearances, as small as it gets. */
import { expect } from '@playwright/test'
import { samplePath } from '../testing/sample.ts'
import { accessibilityProblems, install } from './accessibility.ts'
import { change } from './change.ts'
import { correct } from './correct.ts'
import { form, picture, test } from './launch.ts'

test('every state is readable, named and within reach of the keyboard at 1024 x 640', { tag: '@browser' }, async ({
  halfturn,
}) => {
  const { page } = halfturn
  await halfturn.resize(1024, 640)
  await page.evaluate(install)
  const check = async (state: string) => {
    await picture(halfturn, `20-small-${state}`)
    expect.soft(await accessibilityProblems(page), state).toEqual([])
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    expect.soft(overflow, state).toBeLessThanOrEqual(0)
  }
  await check('start')

  await page.locator('#file-input').setInputFiles([samplePath, samplePath])
  await expect(page.getByText('Do they show one person, or several?')).toBeVisible()
  await check('offered')
  await page.getByRole('button', { name: 'One person' }).click()
  await expect(page.locator('.photo-strip img')).toHaveCount(2)
  await expect(page.locator('.axes')).toBeVisible()
  await page.getByText('Correct by hand').click()
  await correct(page)
  await page.getByRole('slider', { name: 'Turned' }).press('ArrowRight')
  await expect(page.getByRole('button', { name: 'Reset' })).toBeEnabled()
  await check('corrected')
  await page.getByRole('button', { name: 'Remove this photo' }).click()
  await expect(page.locator('.photo-strip img')).toHaveCount(0)

  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText('More settings').click()
  await check('settings')
  await form(page, 5)
  await expect(page.locator('.compare')).toBeVisible()
  await page.getByRole('button', { name: 'Pause' }).click()
  await expect(page.getByText('Paused')).toBeVisible()
  await check('forming')

  await page.getByRole('button', { name: 'Go on' }).click()
  await expect(page.locator('.verdict')).toContainText('Try more steps')
  // What is shown changes by itself once the photo is on the surface: not while Tab goes round.
  await expect(page.locator('.stage[data-mode=surface][data-painted=true]')).toBeVisible()
  await page.getByRole('button', { name: 'Front' }).click()
  await check('look')
  await change(page)
  await check('changed')
  await page.getByRole('button', { name: 'Side by side' }).click()
  await expect(page.locator('.stage-left')).toBeHidden()
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByRole('slider', { name: 'Age' })).toHaveAttribute('aria-valuetext', '0.1 more')
  await page.getByRole('button', { name: 'As formed' }).click()
  await page.getByText('Change the head').click()
  await page.getByRole('radio', { name: 'Surface', exact: true }).check()
  await expect(page.getByRole('progressbar', { name: 'Making the surface' })).toBeHidden()
  await page.getByRole('radio', { name: 'Evidence' }).check()
  await page.getByText('Background and light').click()
  await page.getByRole('combobox', { name: 'Background' }).selectOption('own')
  await check('evidence')
  await page.getByRole('combobox', { name: 'Background' }).selectOption('window')

  await page.getByRole('button', { name: 'About and log' }).click()
  await page.getByText('Licences').click()
  await check('log')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+,')
  await check('preferences')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'New head' }).click()
  await expect(page.getByRole('button', { name: 'sample-portrait', exact: true })).toBeVisible()
  await check('recent')
})

test('what would keep people out is found', { tag: '@browser' }, async ({ halfturn }) => {
  const { page } = halfturn
  await page.evaluate(install)
  await page.evaluate(() => {
    const add = (tag: string, text: string, style: Record<string, string>) => {
      const element = document.createElement(tag)
      element.textContent = text
      Object.assign(element.style, style)
      document.querySelector('.drop-zone')!.append(element)
      return element
    }
    add('p', 'Hardly there', { color: 'rgb(128 128 128 / 60%)' })
    add('button', 'No ring', { outline: 'none' })
    add('button', '', { width: '40px' })
    add('button', 'Left out', {}).tabIndex = -1
  })
  const problems = (await accessibilityProblems(page)).join('\n')
  expect(problems).toMatch(/light: the text of p "Hardly there" has [12]\.\d+:1/)
  expect(problems).toMatch(/dark: the text of p "Hardly there" has [12]\.\d+:1/)
  expect(problems).toContain('focus does not show on button "No ring"')
  expect(problems).toContain('a button has no name')
  expect(problems).toContain('Tab does not reach button "Left out"')
})
