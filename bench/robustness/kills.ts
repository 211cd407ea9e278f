/** Processes killed while they write: whether every set of files is whole afterwards, the old one or the new one. */
import type { Part } from '../robustness.ts'

const kills: Part = async () => {
  throw new Error('to be measured')
}

export default kills
