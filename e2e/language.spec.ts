/** The window in another language than the system's: it is chosen in the window, and nothing of the first one stays. */
import { expect } from '@playwright/test'
import { de } from '../src-main/words/de.ts'
import { en } from '../src-main/words/en.ts'
import { picture, test } from './launch.ts'

/** Texts of the window by their place, without those that are put together. */
function textsOf(words: object, place = ''): [place: string, text: string][] {
  return Object.entries(words).flatMap(([key, value]) => {
    if (typeof value === 'string') return [[`${place}.${key}`, value] as [string, string]]
    return typeof value === 'object' ? textsOf(value, `${place}.${key}`) : []
  })
}

const german = new Map(textsOf(de.window))
const foreign = new Set(textsOf(en.window).flatMap(([place, text]) => (german.get(place) === text ? [] : [text])))

test('all the window says is said in the language that was chosen', { tag: '@browser' }, async ({ halfturn }) => {
  const { page } = halfturn
  const said = () =>
    page.evaluate(() => {
      const texts = [...document.querySelectorAll('[aria-label], [title], [alt]')].flatMap((element) =>
        ['aria-label', 'title', 'alt'].map((name) => element.getAttribute(name)),
      )
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
      while (walker.nextNode()) texts.push(walker.currentNode.textContent)
      return texts.map((text) => text?.trim() ?? '')
    })
  const expectGerman = async (state: string) => {
    await picture(halfturn, `german-${state}`)
    expect((await said()).filter((text) => foreign.has(text))).toEqual([])
  }
  await page.getByRole('button', { name: en.window.preferences.title }).click()
  await page.getByLabel(en.window.preferences.language).selectOption('de')
  await page.getByText('Rechnet mit').waitFor()
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('de')
  await expectGerman('start')

  await page.getByRole('button', { name: de.window.about }).click()
  await page.getByText(de.window.log.privacy).waitFor()
  await expectGerman('about')
  await page.getByRole('button', { name: de.window.log.close, exact: true }).click()

  await page.getByRole('button', { name: de.window.preferences.title }).click()
  await page.getByText(de.window.preferences.folder).waitFor()
  await expectGerman('preferences')
  await page.getByRole('button', { name: de.window.log.close, exact: true }).click()

  await page.getByRole('button', { name: de.window.drop.sample }).click()
  await page.getByRole('button', { name: de.window.photo.next }).waitFor()
  await expectGerman('photo')
  await page.getByRole('button', { name: de.window.photo.next }).click()
  await page.getByRole('button', { name: de.window.form.start }).waitFor()
  await expectGerman('form')

  await page.getByRole('button', { name: de.window.newHead }).click()
  await page.getByRole('button', { name: de.window.drop.random }).click()
  await page.getByRole('button', { name: de.window.random.next }).waitFor()
  await expectGerman('look')
})
