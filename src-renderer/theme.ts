/** The window's appearance: light, dark, or as the system's. Kept for the next time. */
const THEME = 'theme'
export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const dark = window.matchMedia('(prefers-color-scheme: dark)')
export const chosenTheme = (): Theme => themes.find((theme) => theme === localStorage.getItem(THEME)) ?? 'system'

/** @returns whether the window is dark now */
export function showTheme(theme: Theme): boolean {
  const isDark = theme === 'system' ? dark.matches : theme === 'dark'
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light'
  return isDark
}

export function keepTheme(theme: Theme): void {
  localStorage.setItem(THEME, theme)
}

dark.addEventListener('change', () => showTheme(chosenTheme()))
