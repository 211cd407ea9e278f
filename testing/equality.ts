/** Lets `toEqual` compare typed arrays as memory: one element after another, half a megabyte takes seconds. */
import { expect } from 'vitest'

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => Buffer.from(buffer, byteOffset, byteLength)

expect.addEqualityTesters([
  (a, b) => {
    if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b) || a.constructor !== b.constructor) return undefined
    // Where they differ, vitest says how.
    return bytesOf(a).equals(bytesOf(b)) || undefined
  },
])
