/** The loss over the steps, as a line that grows. */
import { number, strings } from '../strings.ts'

const [WIDTH, HEIGHT] = [300, 84]

export function LossPlot({ losses, steps }: { losses: readonly number[]; steps: number }) {
  if (losses.length < 2) return <div className="plot" />
  const sorted = [...losses].sort((a, b) => a - b)
  // A phase may begin with a spike: the scale leaves the top out.
  const low = sorted[0]
  const high = Math.max(sorted[Math.floor(sorted.length * 0.97)], low + 1e-6)
  const x = (index: number) => (index / Math.max(steps - 1, losses.length - 1)) * WIDTH
  const y = (loss: number) => 6 + (1 - Math.min(1, (loss - low) / (high - low))) * (HEIGHT - 12)
  const path = losses.map((loss, index) => `${x(index).toFixed(1)} ${y(loss).toFixed(1)}`).join('L')
  const last = losses[losses.length - 1]
  return (
    <figure className="plot">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={strings.form.lossLabel(last)}
      >
        <path d={`M${path}`} />
      </svg>
      <figcaption>
        {strings.form.loss} <b>{number(last, 3)}</b>
      </figcaption>
    </figure>
  )
}
