/** Logs of a home: what is damaged in one is left out and said, what is whole behind it is read. */
import { describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../src/adapters/memory/disk.ts'
import { readLog, toEntry } from '../../src/runtime/home/kept-log.ts'

const texts = ['first', '', 'SHlg', 'the fourth, with SHlg in it', 'last']
const entries = texts.map((text) => toEntry(Buffer.from(text)))
const whole = Buffer.concat(entries)

async function logOf(bytes: Uint8Array): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  await disk.put('log', bytes)
  return disk
}

const read = async (disk: MemoryDisk): Promise<{ texts: string[]; lost: number }> => {
  const { payloads, lost } = await readLog(disk, 'log')
  return { texts: payloads.map((payload) => Buffer.from(payload).toString()), lost }
}

/** Which entry a byte of the log belongs to. */
function entryOf(at: number): number {
  let end = 0
  return entries.findIndex((entry) => at < (end += entry.length))
}

describe('a log', () => {
  it('is read as it was written; where there is none, nothing is lost', async () => {
    expect(await read(await logOf(whole))).toEqual({ texts, lost: 0 })
    expect(await readLog(new MemoryDisk(), 'log')).toEqual({ payloads: [], lost: 0, empty: false })
  })

  it('loses with a flipped byte the entry that has it, and no other', async () => {
    for (let at = 0; at < whole.length; at++) {
      const disk = await logOf(whole.with(at, whole[at]! ^ 0x20))
      const damaged = entryOf(at)
      const found = await read(disk)
      expect(found, `byte ${at}`).toEqual({
        texts: texts.filter((_, i) => i !== damaged),
        lost: entries[damaged]!.length,
      })
      // What is appended next is read, too, and what was lost is said once.
      await disk.append('log', toEntry(Buffer.from('next')))
      expect(await read(disk)).toEqual({ texts: [...found.texts, 'next'], lost: 0 })
    }
  })

  it('is read up to where it was cut', async () => {
    for (let length = 1; length < whole.length; length++) {
      const disk = await logOf(whole.subarray(0, length))
      const kept = texts.slice(0, entryOf(length))
      const bytes = entries.slice(0, kept.length).reduce((sum, entry) => sum + entry.length, 0)
      expect(await read(disk), `cut at ${length}`).toEqual({ texts: kept, lost: length - bytes })
    }
    expect(await readLog(await logOf(new Uint8Array()), 'log')).toEqual({ payloads: [], lost: 0, empty: true })
  })
})
