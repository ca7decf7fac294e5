import { gzipSync, zstdCompressSync } from 'node:zlib'
import { array, assert, asyncProperty, constantFrom, string, uint8Array } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../../src/core/limits.ts'
import { PLAIN_TEXT, type Look } from '../../../src/core/look.ts'
import { lookAt } from '../../../src/data/formats/look/look.ts'
import { sourceOf } from '../../../src/data/formats/source.ts'

const look = async (bytes: Uint8Array | string): Promise<Look> =>
  (await lookAt(sourceOf(typeof bytes === 'string' ? Buffer.from(bytes) : bytes))).look
const utf16 = (text: string, order: 'le' | 'be' = 'le'): Buffer => {
  const bytes = Buffer.from(text, 'utf16le')
  return order === 'le' ? bytes : bytes.swap16()
}
const TABLE = 'city,amount\nOslo,10\nBergen,20\n'

describe('what a file is', () => {
  test.each<[string, Uint8Array | string, Partial<Look>]>([
    ['text', TABLE, {}],
    ['text with a byte order mark', `\uFEFF${TABLE}`, {}],
    ['text with bytes of windows-1252', Buffer.from('caf\u00e9\n', 'latin1'), {}],
    ['one letter', 'x', {}],
    [
      'UTF-16 behind text',
      Buffer.concat([Buffer.from(TABLE.repeat(50)), utf16('x,1\r\n')]),
      { content: 'two-encodings' },
    ],
    [
      'UTF-16 behind text, the other order',
      Buffer.concat([Buffer.from(TABLE.repeat(50)), utf16('x,1\n', 'be')]),
      { content: 'two-encodings' },
    ],
    ['text behind UTF-16', Buffer.concat([utf16(`\uFEFF${TABLE}`), Buffer.from('ab,1\n!')]), { encoding: 'utf-16le' }],
    [
      'a line behind UTF-16',
      Buffer.concat([utf16(`\uFEFF${TABLE}`), Buffer.from('Oslo,1\n')]),
      { content: 'two-encodings' },
    ],
    [
      'a line behind UTF-16BE',
      Buffer.concat([utf16(`\uFEFF${TABLE}`, 'be'), Buffer.from('Oslo,1\r\n')]),
      { content: 'two-encodings' },
    ],
    ['Gujarati to the end', utf16('\uFEFFનામ\n\u0a86\u0a95'), { encoding: 'utf-16le' }],
    ['Chinese that ends in 上', utf16('\uFEFF海上\n\u6d77\u4e0a', 'be'), { encoding: 'utf-16be' }],
    ['text with escape sequences of a terminal', '\u001b[31mred\u001b[0m\n'.repeat(20), {}],
    ['fields apart by control-A, as Hive writes them', 'a\u0001b\u0002c\n'.repeat(20), {}],
    ['a text with a stray NUL', `${'a line of text\n'.repeat(30)}\u0000`, {}],
    ['a word that begins as ORC does', 'ORCHIDS are flowers\n', {}],
    ['a word that begins as Parquet does', 'PAR1 is a word\n', {}],
    ['what begins and ends as Parquet does', 'PAR1 but not really PAR1', { content: 'parquet' }],
    ['nothing', '', { content: 'empty' }],
    ['NULs alone', new Uint8Array(1000), { content: 'zeros' }],
    ['NULs, then text', Buffer.concat([new Uint8Array(5001), Buffer.from(TABLE)]), { content: 'binary' }],
    ['UTF-16 with a mark', utf16(`\uFEFF${TABLE}`), { encoding: 'utf-16le' }],
    ['UTF-16 with a mark, the other order', utf16(`\uFEFF${TABLE}`, 'be'), { encoding: 'utf-16be' }],
    ['UTF-16 without', utf16(TABLE), { encoding: 'utf-16le' }],
    ['UTF-16 without, the other order', utf16(TABLE, 'be'), { encoding: 'utf-16be' }],
    ['UTF-16 of few NULs', utf16('東京,大阪\n名古屋,京都\n札幌,福岡\n'), { encoding: 'utf-16le' }],
    ['Cyrillic in UTF-16', utf16('имя,год\nАнна,1\nБорис,2\n'), { encoding: 'utf-16le' }],
    ['names apart by NULs', './a.txt\0./b.txt\0./c.txt\0', { content: 'binary' }],
    ['short names apart by NULs', 'bob\0amy\0joe\0', { content: 'binary' }],
    ['NULs at odd places', 'a\0b\n', { content: 'binary' }],
    ['lines with a NUL each', 'ab\0cd\n'.repeat(10), { content: 'binary' }],
    ['fields that are a NUL', `a\tb\n${'\0\t\0\n'.repeat(9)}`, { content: 'binary' }],
    ['one NUL', '\0', { content: 'zeros' }],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x41, 0, 0, 0]), { content: 'utf-32' }],
    ['UTF-16 whose lines end in CR', utf16('a,b\r1,2\r'), { encoding: 'utf-16le', lineEnd: 'any' }],
    ['lines that end in CR', 'a,b\r1,2\r3,4\r', { lineEnd: 'any' }],
    ['lines that end in CR LF', 'a,b\r\n1,2\r\n', {}],
    ['a single line with a CR at its end', 'a line\r', {}],
    ['lines of JSON', '{"a":1}\n{"a":2}\n', { content: 'ndjson' }],
    ['an array of JSON', '[\n{"a":1},\n{"a":2}]\n', { content: 'json' }],
    ['a long array of JSON on one line', `[{"a":1}${',{"a":2}'.repeat(20_000)}]`, { content: 'json-line' }],
    ['an array of rows on one line', '[[1,2],[3,4]]\n', { content: 'json-line' }],
    ['an array of numbers on one line', '[1,2,3]', { content: 'array-line' }],
    ['an array of JSON on one line', '[{"a":1},{"a":2}]\n', { content: 'json-line' }],
    ['JSON in UTF-16', utf16('{"a":1}\n{"a":2}\n'), { encoding: 'utf-16le', content: 'ndjson' }],
    ['a page of HTML', '<!DOCTYPE html>\n<html>', { content: 'markup' }],
    ['XML', '<?xml version="1.0"?>\n<a/>', { content: 'markup' }],
    ...[
      '<table>\n<tr><td>1</td></tr>',
      '<head><title>x</title>',
      '<!-- page -->\n<p>',
      '<meta charset="utf-8">',
      '<script>',
    ].map((page): [string, string, Partial<Look>] => [page, page, { content: 'markup' }]),
    ['an error of S3', '<Error><Code>NoSuchKey</Code></Error>', { content: 'markup' }],
    ['a feed', '<rss version="2.0"><channel>', { content: 'markup' }],
    ['RTF', '{\\rtf1\\ansi hello}', { content: 'markup' }],
    ['words in angles', '<s>\n</s>\n<unk>\nthe\n', {}],
    ['fields of HTML', '<b>x</b>,1\n<i>y</i>,2\n', {}],
    ['names of things in angles', '<http://a> <http://b> "c" .\n', {}],
    ['a receipt', '{\n  "schema": "shoal.receipt/1",\n  "job": "x"\n}\n', { content: 'receipt' }],
    ['Parquet', Buffer.from(`PAR1${'\u0000\u0015\u0004'.repeat(50)}PAR1`, 'latin1'), { content: 'parquet' }],
    [
      'Parquet with a damaged beginning',
      Buffer.from(`xxxx${'\u0000\u0015\u0006'.repeat(50)}PAR1`, 'latin1'),
      { content: 'parquet' },
    ],
    ['bzip2', Buffer.from('425a6839314159265359', 'hex'), { content: 'bzip2' }],
    ['an empty bzip2', Buffer.from('425a683917724538509000000000', 'hex'), { content: 'bzip2' }],
    ['xz', Buffer.from('fd377a585a000004', 'hex'), { content: 'xz' }],
    ['zip', Buffer.from('504b030414000000', 'hex'), { content: 'zip' }],
    ['lz4', Buffer.from('04224d1864704473', 'hex'), { content: 'lz4' }],
    ['SQLite', Buffer.from('SQLite format 3\u0000rest', 'latin1'), { content: 'sqlite' }],
    ['a program', Buffer.from('7f454c4602010100', 'hex'), { content: 'program' }],
    ['an image', Buffer.from('89504e470d0a1a0a0000', 'hex'), { content: 'image' }],
    ['a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1\noid sha256:1\n', { content: 'lfs-pointer' }],
    [
      'tar',
      Buffer.concat([Buffer.alloc(257, 'a'), Buffer.from('ustar\u000000'), Buffer.alloc(248)]),
      { content: 'tar' },
    ],
    ['random bytes', randomBytes(4096), { content: 'binary' }],
  ])('%s', async (_, bytes, expected) => {
    expect(await look(bytes)).toEqual({ ...PLAIN_TEXT, ...expected })
  })

  test.each<[string, string | Uint8Array, Partial<Look>]>([
    ['text', TABLE, {}],
    ['JSON', '[\n{"a":1}]', { content: 'json' }],
    ['UTF-16', utf16(`\uFEFF${TABLE}`), { encoding: 'utf-16le' }],
    ['lines that end in CR', 'a\rb\r', { lineEnd: 'any' }],
    ['nothing', '', { content: 'empty' }],
    ['random bytes', randomBytes(100), { content: 'binary' }],
    ['gzip', gzipSync(TABLE), { content: 'gzip' }],
    ['zstd', zstdCompressSync(TABLE), { content: 'zstd' }],
  ])('within gzip and zstd: %s', async (_, content, expected) => {
    expect(await look(gzipSync(content))).toEqual({ ...PLAIN_TEXT, compression: 'gzip', ...expected })
    expect(await look(zstdCompressSync(content))).toEqual({ ...PLAIN_TEXT, compression: 'zstd', ...expected })
  })

  test('within gzip and zstd it is what it is without, however long it is', async () => {
    const rows = Array.from({ length: 40_000 }, (_, i) => `${i},"${(i * 48_271) % 65_537}"`)
    const long = 'x'.repeat(10_000)
    const contents = [
      `${rows.join('\r')}\nend\n`,
      `${rows.slice(0, 2_000).join('\r')}\n${rows.join('\n')}`,
      `{"a":"${long}",\n"b":1}\n`,
      `[{"a":"${long}"},\n{"a":2}]`,
      `[{"a":"${long}"}]\n[{"a":2}]\n`,
      `${long}\r${long}\n`,
      `id,note\n1,"${long}"\n${'2;3;4\n'.repeat(9_000)}`,
    ]
    for (const content of contents) {
      const bytes = Buffer.from(content)
      const plain = await lookAt(sourceOf(bytes))
      const lines = content.split(/(?<=\n)/).slice(0, 900)
      const inMembers = Buffer.concat([...lines, content.slice(lines.join('').length)].map((line) => gzipSync(line)))
      const files = [gzipSync(bytes), zstdCompressSync(bytes), inMembers]
      for (const [i, file] of files.entries()) {
        const { look: found, head } = await lookAt(sourceOf(file))
        expect(found).toEqual({ ...plain.look, compression: i === 1 ? 'zstd' : 'gzip' })
        expect([head!.whole, Buffer.compare(head!.bytes, plain.head!.bytes)]).toEqual([plain.head!.whole, 0])
      }
    }
  })

  test('within a compressed file that cannot be read is not known', async () => {
    const broken = gzipSync(TABLE).fill(0xff, 10)
    expect(await look(broken)).toEqual({ ...PLAIN_TEXT, compression: 'gzip', content: 'unknown' })
  })

  test('a long file is looked at in its first and last bytes alone', async () => {
    let bytes = 0
    const file = Buffer.alloc(10_000_000, 'a,b\r')
    const source = {
      size: file.length,
      read: (offset: number, length: number) => {
        bytes += length
        return file.subarray(offset, offset + length)
      },
    }
    expect((await lookAt(source)).look).toEqual({ ...PLAIN_TEXT, lineEnd: 'any' })
    expect(bytes).toBeLessThanOrEqual(LIMITS.lookBytes + LIMITS.lookEndBytes)
  })

  test('text of any script is text, and in UTF-16 seen as that where it has a mark', async () => {
    const line = string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\u0000-\u001f\u007f]/.test(text))
    const texts = array(line, { minLength: 1, maxLength: 20 }).map((lines) => `${lines.join('\n')}\n`)
    await assert(
      asyncProperty(texts, constantFrom('le' as const, 'be' as const), async (text, order) => {
        const content = (await look(text)).content
        expect(['text', 'json', 'json-line', 'array-line', 'ndjson', 'markup']).toContain(content)
        expect((await look(utf16(`\uFEFF${text}`, order))).encoding).toBe(`utf-16${order}`)
      }),
    )
  })

  test('whatever the bytes, there is an answer', async () => {
    await assert(asyncProperty(uint8Array({ maxLength: 300 }), async (bytes) => void (await look(bytes))))
    const begun = constantFrom(gzipSync(TABLE), zstdCompressSync(TABLE), Buffer.from([0x50, 0x2a, 0x4d, 0x18]))
    await assert(
      asyncProperty(begun, uint8Array({ maxLength: 60 }), async (head, tail) => {
        for (const end of [0, 4, 9, head.length]) await look(Buffer.concat([head.subarray(0, end), tail]))
      }),
    )
  })
})

/** Bytes that look like no text, the same each time (an LCG, Numerical Recipes). */
function randomBytes(length: number): Buffer {
  let state = 1
  return Buffer.from(Array.from({ length }, () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 24))
}
