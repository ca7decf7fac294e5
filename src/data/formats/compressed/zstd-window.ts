import { ShoalError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { Bytes } from '../../../core/types.ts'

/**
 * What a task reserves beside a window at most; it stops growing at some memory. A task that has so much more memory
 * than a window is long may use all of that window: see task/memory.ts.
 */
export const BESIDE_WINDOW: Bytes = 670_000_000

const SMALLER = 'recompress it without --long: `zstd -dc --long=31 FILE | zstd -o FILE.new`'

export function needsDictionary(name: string, id: number): ShoalError {
  return new ShoalError('FILE_KIND', `${name} needs a zstd dictionary (id ${id}), which is not in the file`, {
    try: ['decompress it with the dictionary first: `zstd -d -D DICT FILE`'],
  })
}

export function windowAboveLimit(name: string, window: Bytes): ShoalError {
  const most = sizeText(LIMITS.zstdWindowMax)
  return new ShoalError(
    'FILE_KIND',
    `${name} may be sound, but its window is ${sizeText(window)} and the most that is read is ${most}`,
    { try: ['recompress it without --ultra --long'] },
  )
}

export function windowAboveMemory(name: string, window: Bytes, windowMax: Bytes): ShoalError {
  const mb = Math.floor(windowMax / 1e6)
  return new ShoalError(
    'TASK_MEMORY',
    `${name} is sound, but its window is ${sizeText(window)} and this task may use ${mb} MB for it`,
    {
      why: 'data refer back as far as the window reaches, so as much of them is kept while they are decompressed',
      try: [`--task-memory ${Math.ceil((window + BESIDE_WINDOW) / 1e9)}GB (and node --memory)`, SMALLER],
    },
  )
}

export function refusedMemory(name: string, window: Bytes, cause: unknown): ShoalError {
  return new ShoalError(
    'TASK_MEMORY',
    `${name} cannot be decompressed: the system gave no memory for its window of ${sizeText(window)}`,
    {
      try: ['a machine, or a container, with more memory', SMALLER],
      cause,
    },
  )
}

/** As zstd itself shows a window. */
function sizeText(bytes: Bytes): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB']
  const unit = Math.min(Math.max(Math.floor(Math.log2(bytes) / 10), 1), units.length)
  return `${Number((bytes / 1024 ** unit).toFixed(2))} ${units[unit - 1]}`
}
