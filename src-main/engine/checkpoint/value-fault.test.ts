import { expect, test } from 'vitest'
import { z } from 'zod'
import { de } from '../../words/de.ts'
import { say } from '../../words/message.ts'
import { jsonFault, valueFault } from './value-fault.ts'

const schema = z.strictObject({
  name: z.string().min(1).max(3).optional(),
  kind: z.enum(['a', 'b']).optional(),
  count: z.int().min(2).max(9).optional(),
  parts: z.array(z.number()).max(1).optional(),
  bytes: z.instanceof(Uint8Array).optional(),
})

test.each([
  [{ name: '' }, 'value-too-short', 'der Wert ist kürzer als 1'],
  [{ name: 'long' }, 'value-too-long', 'der Wert ist länger als 3'],
  [{ name: 5 }, 'value-unfit', 'der Wert ist 5'],
  [{ kind: 'c' }, 'value-not-among', 'der Wert ist "c"; möglich: a, b'],
  [{ count: 1 }, 'value-below', 'der Wert ist 1; möglich ist mindestens 2'],
  [{ count: 10 }, 'value-above', 'der Wert ist 10; möglich ist höchstens 9'],
  [{ count: 2.5 }, 'value-unfit', 'der Wert ist 2.5'],
  [{ parts: [1, 2] }, 'value-too-long', 'der Wert ist länger als 1'],
  [{ bytes: 'text' }, 'value-unfit', 'der Wert ist "text"'],
  [{ other: 1 }, 'keys-unknown', 'unbekannt darin: "other"'],
  [7, 'value-unfit', 'der Wert ist 7'],
])('%j is said to be unfit in codes, and so in every language', (value, code, said) => {
  const [issue] = schema.safeParse(value).error!.issues
  const fault = valueFault(issue, value)
  expect(fault.code).toBe(code)
  expect(say(de, fault, 'window').text).toBe(said)
})

test.each([
  ['{"a":', 'json-cut-off'],
  ['"abc', 'json-cut-off'],
  ['{"a" 1}', 'json-broken-at'],
  ['nonsense', 'json-unexpected'],
])('%s is said to be no JSON in codes', (text, code) => {
  let error: unknown
  try {
    JSON.parse(text)
  } catch (thrown) {
    error = thrown
  }
  expect(jsonFault(error).code).toBe(code)
})

test('what is no UTF-8 is said so', () => {
  expect(jsonFault(new TypeError('The encoded data was not valid')).code).toBe('not-utf-8')
})
