/** How alike head and photo are, over the steps: a line that grows. */
import { strings } from '../strings.ts'

const [WIDTH, HEIGHT] = [300, 84]

/** @param likeness after every step, 0 to 1 */
export function LikenessPlot({ likeness, steps }: { likeness: readonly number[]; steps: number }) {
  if (likeness.length < 2) return <div className="plot" />
  const x = (index: number) => (index / Math.max(steps - 1, likeness.length - 1)) * WIDTH
  const y = (value: number) => 6 + (1 - value) * (HEIGHT - 12)
  const path = likeness.map((value, index) => `${x(index).toFixed(1)} ${y(value).toFixed(1)}`).join('L')
  const percent = Math.round(100 * likeness[likeness.length - 1])
  return (
    <figure className="plot">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={strings.form.likenessLabel(percent)}
      >
        <path d={`M${path}`} />
      </svg>
      <figcaption>
        {strings.form.likeness} <b>{percent} %</b>
      </figcaption>
    </figure>
  )
}
