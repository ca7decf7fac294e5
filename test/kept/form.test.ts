import { crc32 as zlibCrc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { assert, property, uint8Array } from 'fast-check'
import { crc32, fromKept, toKept } from '../../src/kept/form.ts'

const bytes = uint8Array({ maxLength: 300 })

describe('the kept form', () => {
  it('has the checksum that the platform computes', () => {
    expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926)
    assert(property(bytes, (content) => crc32(content) === zlibCrc32(content)))
  })

  it('gives back what was kept', () => {
    assert(
      property(bytes, (content) => {
        expect(Buffer.from(fromKept(toKept(content))!)).toEqual(Buffer.from(content))
      }),
    )
  })

  it('shows every flipped bit, every cut and every byte too many', () => {
    for (const text of ['', '7', 'a record, or a manifest\n', '\n\n']) {
      const kept = toKept(Buffer.from(text))
      for (let bit = 0; bit < kept.length * 8; bit++) {
        const damaged = kept.with(bit >> 3, kept[bit >> 3]! ^ (1 << (bit & 7)))
        expect(fromKept(damaged), `${JSON.stringify(text)}, bit ${bit}`).toBeNull()
      }
      for (let length = 0; length < kept.length; length++) expect(fromKept(kept.subarray(0, length))).toBeNull()
      for (const more of ['\0', '0', '\n']) expect(fromKept(Buffer.concat([kept, Buffer.from(more)]))).toBeNull()
    }
  })

  it('is not what other files are', () => {
    for (const text of ['', '12', '{"a":1}', 'shoal crc32', 'shoal crc32 00000000 0', 'shoal crc32 0 0\n'])
      expect(fromKept(Buffer.from(text))).toBeNull()
  })
})
