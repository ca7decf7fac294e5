/** Shredded variants of apache/parquet-testing, against the same variants in one piece. */
import { describe, expect, test } from 'vitest'
import { decodeVariant, variantNames } from '../../../src/data/formats/parquet/values/variant.ts'
import { FORMS } from './forms.ts'
import { fixture } from './fixture.ts'
import { readAll } from './read-all.ts'

interface Case {
  readonly number: number
  readonly test: string
  /** Base64, as all bytes here. */
  readonly parquet: string
  /** Of each row the metadata and the value; null where there is none. */
  readonly variants?: readonly (string | null)[]
  /** Why it cannot be read. */
  readonly error?: string
}

/** Files that the format forbids, of which the cases say what a reader may make: a field is there twice. */
const FORBIDDEN = [43, 125]
const CASES = JSON.parse(fixture('parquet-testing/shredded-variants.json').toString()) as readonly Case[]

function variantOf(text: string): unknown {
  const bytes = new Uint8Array(Buffer.from(text, 'base64'))
  const width = (bytes[0]! >> 6) + 1
  const number = (at: number): number => Buffer.from(bytes).readUIntLE(at, width)
  const names = number(1)
  const end = 1 + width * (names + 2) + number(1 + width * (names + 1))
  return decodeVariant(bytes.subarray(end), variantNames(bytes.subarray(0, end)), FORMS)
}

const rowsOf = async ({ parquet }: Case): Promise<unknown[]> => {
  const { records, bad } = await readAll(Buffer.from(parquet, 'base64'), 'a.parquet')
  expect(bad).toEqual([])
  return records.map((record) => (record as { var?: unknown }).var ?? null)
}

describe('shredded variants', () => {
  const isWrong = ({ number, error }: Case): boolean => error !== undefined || FORBIDDEN.includes(number)
  const readable = CASES.filter((one) => !isWrong(one) && one.variants !== undefined)
  test.each(readable.map((one) => [`${one.number} ${one.test}`, one] as const))('%s', async (_name, one) => {
    expect(await rowsOf(one)).toEqual(one.variants!.map((text) => (text === null ? null : variantOf(text))))
  })

  const wrong = CASES.filter(isWrong)
  test.each(wrong.map((one) => [`${one.number} ${one.error ?? one.test}`, one] as const))('%s', async (_name, one) => {
    await expect(rowsOf(one)).rejects.toMatchObject({ code: 'DAMAGED' })
  })
})
