/** The files of the data plane: read back whole, or refused. */
import { createHash } from 'node:crypto'
import { array, assert, integer, property, tuple, uint8Array } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../src/core/limits.ts'
import type { Digest } from '../../src/core/types.ts'
import { compareBytes } from '../../src/data/bytes.ts'
import { FrameDecoder, frame } from '../../src/data/frame.ts'
import { encodeKey } from '../../src/data/order.ts'
import { PartReader, PartWriter, decodeRecords } from '../../src/data/part.ts'
import { RunCursor } from '../../src/data/run.ts'
import { SampleChoice, SampleWriter, boundsOf, readSample } from '../../src/data/sample.ts'
import { MemoryFiles } from '../../src/data/spill.ts'
import { values } from './arbitrary.ts'
import { type Emit, collect } from './naive.ts'

const damaged = expect.objectContaining({ code: 'DAMAGED' })

function partOf(records: readonly Emit[]): { files: MemoryFiles; facts: ReturnType<PartWriter['finish']> } {
  const files = new MemoryFiles()
  const part = new PartWriter(files.create('part'))
  for (const [key, value] of records) part.emit(key, value)
  return { files, facts: part.finish() }
}

describe('parts', () => {
  test('give back records in emit order, and the hash of their bytes', () => {
    assert(
      property(array(tuple(values, values), { maxLength: 30 }), (records) => {
        const { files, facts } = partOf(records)
        const blocks = new PartReader(files.open('part'))
        const raw: Uint8Array[] = []
        for (let block = blocks.nextBlock(); block !== null; block = blocks.nextBlock()) raw.push(Buffer.from(block))
        const bytes = Buffer.concat(raw)
        expect(facts).toEqual({
          records: records.length,
          bytes: bytes.length,
          part: createHash('sha256').update(bytes).digest('hex'),
        })
        expect(blocks.facts).toEqual(facts)
        const again = partOf([...decodeRecords(bytes)] as Emit[])
        expect(again.facts).toEqual(facts)
        expect([...new PartReader(files.open('part')).records()]).toEqual([...decodeRecords(bytes)])
      }),
      { numRuns: 50 },
    )
  })

  test('many blocks, and records larger than a block', () => {
    const records: Emit[] = Array.from({ length: 3000 }, (_, i) => [
      i,
      i % 500 === 0 ? 'x'.repeat(200_000) : `value ${i}`,
    ])
    const { files, facts } = partOf(records)
    expect(facts.records).toBe(3000)
    expect([...new PartReader(files.open('part')).records()]).toEqual(records)
    expect(files.files.get('part')!.length).toBeLessThan(facts.bytes / 10)
  })

  test('a refused record leaves nothing', () => {
    const files = new MemoryFiles()
    const part = new PartWriter(files.create('part'))
    part.emit('a', 1)
    expect(() => part.emit('b', () => 1)).toThrow(expect.objectContaining({ code: 'USER_VALUE' }))
    expect(() => part.emit('k'.repeat(LIMITS.keyBytesMax), 1)).toThrow(
      expect.objectContaining({ code: 'RECORD_LIMIT' }),
    )
    part.emit('c', 2)
    part.finish()
    expect([...new PartReader(files.open('part')).records()]).toEqual([
      ['a', 1],
      ['c', 2],
    ])
  })

  test('cut anywhere, or with any byte changed, a part is DAMAGED', () => {
    const { files } = partOf(Array.from({ length: 40 }, (_, i) => [`key ${i}`, { n: i, text: 'abc'.repeat(i % 5) }]))
    const whole = files.files.get('part')!
    const read = (bytes: Uint8Array) => () => {
      files.files.set('other', bytes)
      return [...new PartReader(files.open('other')).records()]
    }
    expect(read(whole)().length).toBe(40)
    for (let length = 0; length < whole.length; length++) expect(read(whole.subarray(0, length))).toThrow(damaged)
    for (let at = 0; at < whole.length; at++) {
      for (const bit of [1, 128]) {
        const changed = Buffer.from(whole)
        changed[at]! ^= bit
        expect(read(changed), `byte ${at}`).toThrow(damaged)
      }
    }
  })
})

describe('runs', () => {
  test('that are not what their manifest names are DAMAGED', () => {
    const { facts, files } = collect([
      [
        {
          emits: [
            ['a', 1],
            ['b', 2],
          ],
          skip: false,
        },
      ],
    ])
    const [run] = facts
    const read = (expected: { digest: Digest; bytes: number }) => () => {
      const cursor = new RunCursor(files.open('run-0'), 0, 'run', expected)
      let records = 0
      while (cursor.next() !== null) records++
      return records
    }
    expect(read(run!)()).toBe(2)
    expect(read({ ...run!, bytes: run!.bytes + 1 })).toThrow(damaged)
    expect(read({ ...run!, digest: '0'.repeat(64) as Digest })).toThrow(damaged)
    const raw = Buffer.concat([Buffer.from('03106100000001020301', 'hex'), Buffer.from('03106200000001020302', 'hex')])
    expect(run).toEqual({
      partition: 0,
      records: 2,
      weight: 2,
      bytes: raw.length,
      digest: createHash('sha256').update(raw).digest('hex'),
    })
  })
})

describe('frames', () => {
  test('come whole through any pieces', () => {
    assert(
      property(
        array(uint8Array({ maxLength: 50 })),
        array(integer({ min: 0, max: 20 }), { minLength: 1 }),
        (payloads, cuts) => {
          const stream = Buffer.concat(payloads.map(frame))
          const decoder = new FrameDecoder(50)
          const read: Uint8Array[] = []
          let at = 0
          for (let i = 0; at < stream.length; i++) {
            const size = cuts[i % cuts.length]! + (i % cuts.length === 0 ? 1 : 0)
            const piece = Buffer.from(stream.subarray(at, at + size))
            read.push(...decoder.push(piece))
            piece.fill(0)
            at += size
          }
          expect(decoder.pending).toBe(0)
          expect(read.map((payload) => Buffer.from(payload))).toEqual(payloads.map((payload) => Buffer.from(payload)))
        },
      ),
    )
  })

  test('too long, or changed, are refused; what is cut stays pending', () => {
    expect(() => new FrameDecoder(3).push(frame(new Uint8Array(4)))).toThrow(damaged)
    expect(() => new FrameDecoder(3).push(Buffer.from('ffffffff00000000', 'hex'))).toThrow(damaged)
    for (let at = 4; at < 12; at++) {
      const changed = Buffer.from(frame(new Uint8Array(4)))
      changed[at]! ^= 1
      expect(() => new FrameDecoder(10).push(changed)).toThrow(damaged)
    }
    const decoder = new FrameDecoder(10)
    expect(decoder.push(frame(new Uint8Array(4)).subarray(0, 11))).toEqual([])
    expect(decoder.pending).toBe(11)
  })
})

describe('samples', () => {
  test('are one record in 64, the first always, and the same in every execution', () => {
    const taken = (path: string): number[] => {
      const choice = new SampleChoice('logs', path, 0)
      return Array.from({ length: 64_000 }, (_, i) => i).filter((i) => choice.takes(i))
    }
    const [a, b] = [taken('a.log'), taken('b.log')]
    expect(a[0]).toBe(0)
    expect(a).toEqual(taken('a.log'))
    expect(a).not.toEqual(b)
    for (const numbers of [a, b]) expect(Math.abs(numbers.length - 1000)).toBeLessThan(4 * Math.sqrt(1000))
  })

  test('are bounded by split, dropped by rollback, read back in order', () => {
    const files = new MemoryFiles()
    const writer = new SampleWriter(files.create('keys'))
    const expected: Uint8Array[] = []
    for (const split of ['s', 't']) {
      writer.beginSplit()
      for (let i = 0; i < 3000; i++) {
        writer.mark()
        writer.emit(`${split}${i}`)
        if (i % 3 === 0) {
          writer.rollback()
        } else {
          if (expected.length < LIMITS.sampleKeysPerSplit * (split === 's' ? 1 : 2))
            expected.push(encodeKey(`${split}${i}`).order)
          writer.commit()
        }
      }
      expect(writer.wanting).toBe(false)
    }
    const facts = writer.finish()
    expect(facts.keys).toBe(2 * LIMITS.sampleKeysPerSplit)
    expect(readSample(files.open('keys')).map((key) => Buffer.from(key))).toEqual(
      expected.map((key) => Buffer.from(key)),
    )
  })

  test('give bounds that ascend, are sampled keys, and cut evenly', () => {
    assert(
      property(array(values, { maxLength: 60 }), integer({ min: 1, max: 12 }), (keys, partitions) => {
        const forms = keys.map((key) => encodeKey(key).order)
        const bounds = boundsOf(forms, partitions)
        expect(bounds.length).toBeLessThan(partitions)
        for (let i = 0; i < bounds.length; i++) {
          const bound = bounds[i]!
          expect(forms.some((form) => Buffer.compare(form, bound) === 0)).toBe(true)
          if (i > 0)
            expect(compareBytes(bounds[i - 1]!, 0, bounds[i - 1]!.length, bound, 0, bound.length)).toBeLessThan(0)
        }
      }),
    )
    const forms = Array.from({ length: 1000 }, (_, i) => encodeKey((i * 379) % 1000).order)
    expect(boundsOf(forms, 4)).toEqual([250, 500, 750].map((key) => encodeKey(key).order))
    expect(boundsOf([], 4)).toEqual([])
    expect(boundsOf([encodeKey(1).order, encodeKey(1).order], 4)).toEqual([encodeKey(1).order])
  })
})
