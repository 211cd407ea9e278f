/** Changing a head by a slider and by words, and looking at it beside the one that was formed. */
import { expect, type Page } from '@playwright/test'

export async function change(page: Page): Promise<void> {
  await page.getByText('Change the head').click()
  const age = page.getByRole('slider', { name: 'Age' })
  await age.press('ArrowRight')
  await expect(age).toHaveAttribute('aria-valuetext', '0.1 more')
  await page.getByRole('textbox', { name: 'In words' }).fill('much older, smiling, purple')
  await page.keyboard.press('Enter')
  await expect(age).toHaveAttribute('aria-valuetext', '3.0 more')
  await expect(page.getByText('Not understood: purple.')).toBeVisible()
  await expect(page.getByRole('slider', { name: 'Smile' })).toHaveAttribute('aria-valuetext', '1.5 more')
  await page.getByRole('button', { name: 'Side by side' }).click()
  await expect(page.locator('.stage-left')).toBeVisible()
  await expect(page.getByRole('progressbar', { name: 'Preparing the view' })).toBeHidden()
}
