import { array, asyncProperty, assert as check, constantFrom } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesOf, encodingOf, isSingleByte } from '../../../src/data/formats/text/encodings.ts'
import { textOf } from '../../../src/data/formats/text/text-of.ts'
import { fixture } from './fixture.ts'
import { naiveLines } from './naive.ts'
import { readAll } from './read-all.ts'

/**
 * Where the Encoding Standard differs from Python's codecs, which are older. In the first two columns it gives
 * characters that the codec has elsewhere or not at all; the bytes of the last have no character in the codec and are
 * the control characters of the same number in the standard.
 */
const DIFFERENCES: Readonly<Record<string, { other?: Record<number, string>; controls?: number[] }>> = {
  'koi8-u': { other: { 0xae: 'ў', 0xbe: 'Ў' } },
  'windows-874': {
    controls: [0x81, 0x82, 0x83, 0x84, ...range(0x86, 0x90), ...range(0x98, 0x9f)],
  },
  'windows-1250': { controls: [0x81, 0x83, 0x88, 0x90, 0x98] },
  'windows-1251': { controls: [0x98] },
  'windows-1252': { controls: [0x81, 0x8d, 0x8f, 0x90, 0x9d] },
  'windows-1253': { controls: [0x81, 0x88, 0x8a, ...range(0x8c, 0x90), 0x98, 0x9a, ...range(0x9c, 0x9f)] },
  'windows-1254': { controls: [0x81, ...range(0x8d, 0x90), 0x9d, 0x9e] },
  'windows-1255': {
    other: { 0xca: '\u05ba' },
    controls: [0x81, 0x8a, ...range(0x8c, 0x90), 0x9a, ...range(0x9c, 0x9f)],
  },
  'windows-1257': { controls: [0x81, 0x83, 0x88, 0x8a, 0x8c, 0x90, 0x98, 0x9a, 0x9c, 0x9f] },
  'windows-1258': { controls: [0x81, 0x8a, ...range(0x8d, 0x90), 0x9a, 0x9d, 0x9e] },
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

/** The 256 characters of each encoding, null for none, by Python and the differences above. */
const TABLES = fixture('encodings.tsv')
  .toString()
  .trim()
  .split('\n')
  .map((line): [string, (string | null)[]] => {
    const [name, , characters] = line.split('\t') as [string, string, string]
    const upper = characters
      .split(' ')
      .map((hex) => (hex === '-' ? null : String.fromCharCode(Number.parseInt(hex, 16))))
    const table = [...range(0, 127).map((byte) => String.fromCharCode(byte)), ...upper]
    for (const byte of DIFFERENCES[name]?.controls ?? []) {
      expect(table[byte]).toBeNull()
      table[byte] = String.fromCharCode(byte)
    }
    for (const [byte, character] of Object.entries(DIFFERENCES[name]?.other ?? {})) table[Number(byte)] = character
    return [name, table]
  })

test('the fixture has every single-byte encoding', () => {
  expect(TABLES).toHaveLength(28)
  for (const [name] of TABLES) expect(isSingleByte(name) && encodingOf(name) === name).toBe(true)
})

describe.each(TABLES)('%s', (name, table) => {
  const defined = range(0, 255).filter((byte) => table[byte] !== null)
  const missing = range(128, 255).filter((byte) => table[byte] === null)

  test('each byte alone, all of them at once, and back', () => {
    for (const byte of defined)
      expect(textOf(Buffer.of(byte), name), `byte ${byte}`).toEqual({ text: table[byte], broken: false })
    for (const byte of missing) expect(textOf(Buffer.of(byte), name).broken, `byte ${byte}`).toBe(true)
    const text = defined.map((byte) => table[byte]).join('')
    expect(textOf(Buffer.from(defined), name)).toEqual({ text, broken: false })
    expect(textOf(Buffer.concat(Array.from({ length: 300 }, () => Buffer.from(defined))), name).text).toBe(
      text.repeat(300),
    )
    expect([...bytesOf(text, name)]).toEqual(defined)
  })

  test('lines of any bytes: a byte without a character spoils its record alone', async () => {
    const bytes = array(constantFrom(10, 10, 13, 65, 0x80, 0x93, 0xe4, 0xff, ...defined.slice(128), ...missing), {
      maxLength: 60,
    })
    await check(
      asyncProperty(bytes, async (content) => {
        const file = Uint8Array.from(content)
        const { records, bad } = await readAll(file, 'a.txt', { encoding: name })
        const lines = naiveLines(file)
        const good = lines.filter((line) => !line.some((byte) => table[byte] === null))
        expect(records).toEqual(good.map((line) => Array.from(line, (byte) => table[byte]).join('')))
        const wrong = lines.filter((line) => !good.includes(line))
        expect(bad.map(({ why }) => why)).toEqual(
          wrong.map((line) => {
            const at = line.findIndex((byte) => table[byte] === null)
            const hex = line[at]!.toString(16)
            return `byte 0x${hex} at position ${at + 1} of the record has no character in ${name}`
          }),
        )
      }),
      { numRuns: 40 },
    )
  })
})

describe('rows and JSON in other encodings', () => {
  test('windows-1253: a CSV with a field that has no character, and a delimiter beyond ASCII', async () => {
    const file = Buffer.concat([
      Buffer.from([0xe1, 0xa3, 0xe2, 10]),
      Buffer.from([0xe3, 0xa3, 0xaa, 10]),
      Buffer.from([0x22, 0xe3, 0xa3, 10, 0x22, 0xa3, 0xe4, 10]),
    ])
    const { records, bad } = await readAll(file, 'a.csv', { encoding: 'windows-1253', delimiter: '£' })
    expect(records).toEqual([{ α: 'γ£\n', β: 'δ' }])
    expect(bad).toMatchObject([
      { place: 'd/a.csv:2', why: 'byte 0xaa at position 3 of the record has no character in windows-1253' },
    ])
  })

  test('a delimiter that is another byte than its number, before a quoted line end', async () => {
    const file = Buffer.concat([Buffer.from('a'), Buffer.of(0xb9), Buffer.from('"x\ny"\n'), Buffer.of(0xe0, 0xb9, 10)])
    const options = { encoding: 'windows-1251', delimiter: '№', header: false }
    expect((await readAll(file, 'a.csv', options)).records).toEqual([
      ['a', 'x\ny'],
      ['а', ''],
    ])
  })

  test('NDJSON', async () => {
    const file = Buffer.from([0x22, 0xd6, 0x22, 10, 0x22, 0xff, 0x22, 10, 0x22, 0xe4, 0x22])
    const { records, bad } = await readAll(file, 'a.ndjson', { encoding: 'iso-8859-7' })
    expect(records).toEqual(['Φ', 'δ'])
    expect(bad).toMatchObject([{ why: 'byte 0xff at position 2 of the record has no character in iso-8859-7' }])
  })
})

describe('what is said of invalid UTF-8', () => {
  test.each([
    [[0x4d, 0xfc, 0x6c, 0x6c, 0x65, 0x72], "is it windows-1252? encoding: 'windows-1252' reads it"],
    [[0x93, 0x61, 0x94, 0x80], "is it windows-1252? encoding: 'windows-1252' reads it"],
    [[0xe2, 0x82], "is it windows-1252? encoding: 'windows-1252' reads it"],
    [[0x81, 0x8d], 'is it cp850 or cp437, of DOS? `iconv -f CP850 -t UTF-8 FILE > NEW` makes a file that is read'],
    [
      [0x63, 0x61, 0x66, 0x82],
      'is it cp850 or cp437, of DOS? `iconv -f CP850 -t UTF-8 FILE > NEW` makes a file that is read',
    ],
    [[0x82, 0xb1, 0x82, 0xf1], 'is it Shift_JIS? `iconv -f SHIFT_JIS -t UTF-8 FILE > NEW` makes a file that is read'],
    [[0x83, 0x65, 0x83, 0x58], 'is it Shift_JIS? `iconv -f SHIFT_JIS -t UTF-8 FILE > NEW` makes a file that is read'],
    [
      [0x8d, 0x9d],
      "is it of another encoding? The input's `encoding` says which; where that has none, `iconv -f NAME -t UTF-8 FILE > NEW`",
    ],
    [[0x69, 0x74, 0x92, 0x73, 0x20, 0x84, 0x61, 0x93], "is it windows-1252? encoding: 'windows-1252' reads it"],
  ])('%j', async (bytes, hint) => {
    const { bad } = await readAll(Uint8Array.from([...bytes, 10]), 'a.txt')
    expect(bad).toHaveLength(1)
    expect(bad[0]!.why).toMatch(/^not valid UTF-8: byte 0x[0-9a-f]{2} at position \d of the record; /)
    expect(bad[0]!.why.endsWith(hint)).toBe(true)
  })

  test('CESU-8', async () => {
    const { bad } = await readAll(Uint8Array.from([0x61, 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]), 'a.txt')
    expect(bad).toMatchObject([
      {
        why: 'not valid UTF-8: byte 0xed at position 2 of the record begins a surrogate pair, as CESU-8 writes it',
      },
    ])
  })

  test('beside a bad line, other lines show as they are', async () => {
    const { raws, bad } = await readAll(Buffer.from([0xc3, 0xa4, 10, 0xff, 10]), 'a.txt')
    expect(raws).toEqual(['ä'])
    expect(bad).toMatchObject([{ raw: 'ÿ' }])
  })
})

test.each(['a.csv', 'a.txt', 'a.ndjson'])('%s with the mark of UTF-8 is not read as single bytes', async (path) => {
  const file = Buffer.from('\uFEFF"a"\n"é"\n')
  await expect(readAll(file, path, { encoding: 'windows-1252' })).rejects.toMatchObject({ code: 'BAD_RECORD' })
})
