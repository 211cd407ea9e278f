/** What may be chosen of a head's files, once for the engine, the API, the command line and the window. */
import { z } from 'zod'
import type { Range } from '../../limits.ts'

const choice = <const T extends string>(choices: readonly [T, ...T[]], usual: NoInfer<T>) =>
  ({ kind: 'choice', choices, usual, schema: z.enum(choices).default(usual) }) as const
const millimetres = (range: Range, usual: number) =>
  ({ kind: 'millimetres', range, usual, schema: z.number().min(range.least).max(range.most).default(usual) }) as const
const onOff = () => ({ kind: 'switch', usual: false, schema: z.boolean().default(false) }) as const
const text = (most: number) => ({ kind: 'text', most, usual: '', schema: z.string().max(most).default('') }) as const

export const fileOptions = {
  /** Side of the texture, pixels; auto holds all there is of the photos. */
  textureSize: choice(['auto', '1024', '2048', '4096'], 'auto'),
  textureFormat: choice(['jpeg', 'png', 'webp'], 'jpeg'),
  /** Of a GLB's geometry; not every program reads it. */
  compression: choice(['none', 'meshopt'], 'none'),
  /** A colour for each vertex in the place of the texture. */
  vertexColours: onOff(),
  /** Evidence as a second look of the model. */
  evidenceTexture: onOff(),
  /** Who is to be named in the file. */
  author: text(200),
  /** Of the whole print. */
  height: millimetres({ least: 20, most: 1000 }, 120),
  /** What a print stands on. */
  base: choice(['flat', 'stand', 'none'], 'flat'),
  /** Empty inside, with a hole below for what would be caught there. */
  hollow: onOff(),
  /** Of a hollow print, at least. */
  wall: millimetres({ least: 0.8, most: 20 }, 2),
} as const

export type FileOption = keyof typeof fileOptions
export const fileOptionNames = Object.keys(fileOptions) as FileOption[]

/** Each option's value. */
export type FileChoices = { readonly [name in FileOption]: z.output<(typeof fileOptions)[name]['schema']> }

/** What was chosen, with the usual where nothing was; unknown names are errors. */
export const fileChoices = z.strictObject(
  Object.fromEntries(fileOptionNames.map((name) => [name, fileOptions[name].schema])) as {
    [name in FileOption]: (typeof fileOptions)[name]['schema']
  },
)

/** Of the texture, pixels; undefined where it is left to the photos. */
export const sideOf = ({ textureSize }: FileChoices): number | undefined =>
  textureSize === 'auto' ? undefined : Number(textureSize)
