/** Where the portrait lies that comes with the product. */
import { fileURLToPath } from 'node:url'

export const samplePath = fileURLToPath(new URL('../resources/sample-portrait.jpg', import.meta.url))
