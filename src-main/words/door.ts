/** The doors that say something, and what each calls the settings that sentences recommend. */
export interface SettingNames {
  readonly quality: string
  readonly provider: string
  readonly seed: string
  readonly learningRate: string
}
export type Door = 'cli' | 'window'
