/** The emits of the map call in hand, until it is known whether they count: `ctx.skip` drops them. */
import type { Bytes } from '../core/types.ts'
import { BlockWriter } from './blocks.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { KeyReader, encodeKey } from './order.ts'
import { type ResidentKey, isForm } from './residents.ts'
import { RUN_MAGIC, RunCursor, writeRecord } from './run.ts'
import type { SpillFiles, SpillOutput } from './spill.ts'
import { decodeValue, encodeValue, hostFactory } from './value.ts'

const NAME = 'pending'
/** At most so many emits are held in memory: one line of 32 MiB can give millions. */
const COUNT_MAX = 32_768

/** How values that wait are written to disk, and read from there. */
export interface PendingForm {
  write(w: ByteWriter, value: unknown): void
  read(r: ByteReader): unknown
}

const VALUES: PendingForm = {
  write: (w, value) => encodeValue(w, value),
  read: (r) => decodeValue(r, hostFactory),
}

export class Pending {
  count = 0
  /** The slot of the key among the resident ones, or −1. */
  readonly slots: number[] = []
  /** The key itself if it has no slot, or has other bytes than the one in its slot (1n, not 1); else null. */
  readonly keys: (ResidentKey | null)[] = []
  readonly values: unknown[] = []
  readonly bytes: number[] = []
  readonly #files: SpillFiles
  readonly #memory: Bytes
  readonly #form: PendingForm
  #held = 0
  #out: SpillOutput | null = null
  #writer: BlockWriter | null = null

  constructor(files: SpillFiles, memory: Bytes, form: PendingForm = VALUES) {
    this.#files = files
    this.#memory = memory
    this.#form = form
  }

  get full(): boolean {
    return this.count >= COUNT_MAX || this.#held > this.#memory
  }

  /** Some emits are on disk, and come before those in memory. */
  get spilled(): boolean {
    return this.#writer !== null
  }

  push(slot: number, key: ResidentKey | null, value: unknown, bytes: number): void {
    const at = this.count++
    this.slots[at] = slot
    this.keys[at] = key
    this.values[at] = value
    this.bytes[at] = bytes
    if (bytes > 16) this.#held += bytes
  }

  /** Forgets what is in memory. */
  clear(): void {
    this.count = 0
    if (this.#held === 0) return
    this.#held = 0
    this.values.length = 0
  }

  drop(): void {
    this.clear()
    if (this.#out === null) return
    this.#out.close()
    this.#out = null
    this.#writer = null
    this.#files.remove(NAME)
  }

  /** Moves what is in memory to disk. `keys` are the resident keys by slot. */
  spill(keys: readonly ResidentKey[]): void {
    if (this.#writer === null) {
      this.#out = this.#files.create(NAME)
      this.#writer = new BlockWriter(this.#out, { magic: RUN_MAGIC, compress: false, digest: false })
    }
    const record = new ByteWriter(1024)
    const value = new ByteWriter(1024)
    for (let i = 0; i < this.count; i++) {
      const slot = this.slots[i]!
      const own = this.keys[i]!
      const key = slot < 0 ? own : (own ?? keys[slot]!)
      const { order, shape } = isForm(key) ? key : encodeKey(key)
      value.reset()
      this.#form.write(value, this.values[i])
      record.reset()
      writeRecord(record, order, shape, 0, 1, value.view())
      this.#writer.append(record.buffer, 0, record.length, 1)
    }
    this.clear()
  }

  /** Gives back what is on disk, in order, and drops the file. */
  replay(apply: (key: unknown, value: unknown) => void): void {
    this.#writer!.finish()
    this.#out!.close()
    this.#writer = null
    this.#out = null
    const cursor = new RunCursor(this.#files.open(NAME), 0, NAME)
    const keys = new KeyReader()
    const values = new ByteReader()
    try {
      for (let view = cursor.next(); view !== null; view = cursor.next()) {
        const { buffer } = view
        const key = keys.read(
          buffer,
          view.orderStart,
          view.orderEnd,
          buffer,
          view.shapeStart,
          view.shapeEnd,
          hostFactory,
        )
        values.over(buffer, view.valueStart, view.valueEnd)
        apply(key, this.#form.read(values))
      }
    } finally {
      cursor.close()
      this.#files.remove(NAME)
    }
  }
}
