/** Putting a pose right by hand, with what is open for it. */
import { expect, type Page } from '@playwright/test'

export async function correct(page: Page): Promise<void> {
  const yaw = page.getByRole('slider', { name: 'Turned' })
  const before = await yaw.inputValue()
  await yaw.press('ArrowRight')
  await yaw.press('ArrowRight')
  await expect(yaw).not.toHaveValue(before)
  await expect(page.getByRole('button', { name: 'Reset' })).toBeEnabled()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(yaw).toHaveValue(before)
  await page.keyboard.press('Control+Shift+z')
  await expect(yaw).not.toHaveValue(before)

  // The frame follows the pointer, and comes back.
  const frame = page.locator('.crop')
  const automatic = await frame.getAttribute('points')
  const boxOf = async (selector: string) => (await page.locator(selector).boundingBox())!
  const box = await boxOf('.crop')
  const [x, y] = [box.x + box.width * 0.2, box.y + box.height * 0.85]
  await page.mouse.move(x, y)
  await page.mouse.down()
  await page.mouse.move(x + 60, y - box.height * 0.6, { steps: 4 })
  // What is wrong there is said while the hand still drags, and what turns the frame can be reached.
  await expect(page.locator('.warnings')).toContainText('outside the photo')
  const [knob, editor] = [await boxOf('.knob'), await boxOf('.photo-editor')]
  expect(knob.y).toBeGreaterThanOrEqual(editor.y)
  await page.mouse.up()
  await expect(frame).not.toHaveAttribute('points', automatic!)
  const moved = await frame.getAttribute('points')
  await frame.press('+')
  await expect(frame).not.toHaveAttribute('points', moved!)
  await page.getByRole('button', { name: 'Reset' }).click()
  await expect(frame).toHaveAttribute('points', automatic!)
}
