/**
 * What the photo shows around its crop: crown, hair and shoulders, in colour and outline, through the same camera with a
 * wider angle. Without it, what the crop's edge cuts is closed by whatever the code makes up, in another colour.
 */
import type { MattedPortrait } from '../../face/matted-portrait.ts'
import { WIDE, zoom } from '../../generator/camera.ts'
import type { Generator, View } from '../../generator/generator.ts'
import { photoTarget } from '../photo-target.ts'
import { isWithin, RaySelection } from '../ray-selection.ts'
import { weighedCharbonnier } from './charbonnier.ts'
import { coverage } from './coverage.ts'
import { pixels } from './pixels.ts'
import type { Aim, Judgement, Objective, ViewTerm } from './term.ts'

/** Share of a wide picture's side that the crop has. */
export const CROP = 1 / WIDE
/** Keeps its draws apart from those for the crop. */
const STREAM = 1 << 22

/** The code is found without: it trades the nose for the hair. */
export const surroundings: ViewTerm = {
  begin({ generator, photos, aim, resolution, rendering }) {
    if (aim === 'head') return Promise.resolve(null)
    const around = photos.flatMap(({ portrait: { wide }, label }, photo) =>
      wide ? [{ photo, label: zoom(label, CROP), objective: new WideObjective(generator, wide, resolution, aim) }] : [],
    )
    return Promise.resolve((step) =>
      around.map(({ photo, label, objective }) => ({
        label,
        objective,
        weight: 1 / photos.length,
        rendering: rendering(step, photo, STREAM, objective.rays),
      })),
    )
  },
}

/** Charbonnier distance of colours, and of opacity from the matte, around the crop; a pixel counts as much as in the crop. */
export class WideObjective implements Objective {
  /** Of the person around the crop; what lies beyond the photo's edge is nobody's. */
  readonly rays: RaySelection
  private readonly target: Float32Array
  /** [n * n], of each pixel's colour and opacity. */
  private readonly colour: Float32Array
  private readonly outline: Float32Array
  private readonly matte: Float32Array
  private readonly aim: Aim

  /**
   * @param wide the wide picture
   * @param resolution side of its rendering, in rays
   * @param aim what the loss is to move
   */
  constructor({ config }: Generator, wide: MattedPortrait, resolution: number, aim: Aim) {
    const white = config.rendering_kwargs.white_back
    const { target, mask, matte, known } = photoTarget(wide, resolution, resolution, true, white, aim)
    const around = (values: Float32Array, weight: number) => {
      const sum = values.reduce((total, value, i) => total + (isWithin(i, resolution, CROP) ? value : 0), 0)
      return values.map((value, i) => (isWithin(i, resolution, CROP) || sum === 0 ? 0 : (weight * value) / sum))
    }
    this.target = target
    this.matte = matte
    this.colour = around(mask, pixels.weight(aim, white) / 3)
    this.outline = around(known, coverage.weight(aim, white))
    this.aim = aim
    const shown = wide.matte.map((alpha, i) => alpha * wide.valid[i])
    this.rays = new RaySelection({ ...wide, matte: shown }, resolution, CROP)
  }

  judge({ image, rendering }: View): Promise<Judgement> {
    const { matte, outline } = this
    const colours = weighedCharbonnier(image, this.target, this.colour)
    let { loss } = colours
    if (this.aim === 'colour') {
      return Promise.resolve({ loss, terms: { around: loss }, gradient: { image: colours.gradient } })
    }
    const opacity = rendering.opacity.map((value, i) => {
      const difference = value - matte[i]
      loss += outline[i] * difference * difference
      return 2 * outline[i] * difference
    })
    return Promise.resolve({ loss, terms: { around: loss }, gradient: { image: colours.gradient, opacity } })
  }
}
