/** Moves every byte of `noise` to the node of its key, and keeps only lengths. */
import { defineJob } from 'shoal/job'

export default defineJob<Uint8Array, string, Uint8Array>({
  input: { data: 'noise', format: 'text', encoding: 'bytes' },
  map(record, { emit }) {
    emit(String.fromCharCode(...record.subarray(0, 8)), record.subarray(9))
  },
  reduce(key, payloads, { emit }) {
    let bytes = 0
    for (const payload of payloads) bytes += payload.length
    emit(key.slice(0, 1), bytes)
  },
})
