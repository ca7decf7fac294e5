/** Inputs for the benchmark: seeded, written once into a cache folder, and found there by the next run. */
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { seeded, zipf } from './random.ts'

const BUFFER_BYTES = 4 * 2 ** 20
/** No made-up line is longer. */
const LINE_MAX = 4096

export type InputKind = 'words' | 'purchases' | 'noise' | 'distinct' | 'one-key'

/** Writes one line into the buffer at `at`, and says where it ended. */
type Lines = (buffer: Buffer, at: number, index: number) => number

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

function wordList(count: number, seed: number): Buffer[] {
  const random = seeded(seed)
  const words = new Set<string>()
  while (words.size < count) {
    let word = ''
    for (let length = 2 + random.below(4) + random.below(6); length > 0; length--) word += LETTERS[random.below(26)]
    words.add(word)
  }
  return [...words].map((word) => Buffer.from(word))
}

/** About ten words a line, from a vocabulary of 50,000. */
function words(seed: number): Lines {
  const random = seeded(seed)
  const rank = zipf(random, 50_000)
  const list = wordList(50_000, 1)
  return (buffer, start) => {
    let at = start
    for (let left = 5 + random.below(11); left > 0; left--) {
      const word = list[rank()]
      if (word !== undefined) at += word.copy(buffer, at)
      buffer[at++] = left === 1 ? 10 : 32
    }
    return at
  }
}

/** `{"user_id":"u123","amount_cents":4567,"ts":…}`: a million users. */
function purchases(seed: number): Lines {
  const random = seeded(seed)
  const rank = zipf(random, 1_000_000, 20)
  return (buffer, at, index) => {
    const day = `20${20 + random.below(3)}-${pad(1 + random.below(12))}-${pad(1 + random.below(28))}`
    const amount = 99 + random.below(20_000)
    const line = `{"order_id":${index + 1},"user_id":"u${rank()}","amount_cents":${amount},"ts":"${day}T${pad(random.below(24))}:00:00Z","product":"P${random.below(5000)}"}\n`
    return at + buffer.write(line, at, 'latin1')
  }
}

const pad = (value: number): string => String(value).padStart(2, '0')

/** A key of 8 hex digits, TAB, 1,000 random bytes other than LF and CR: no compressor gains anything. */
function noise(seed: number): Lines {
  const random = seeded(seed)
  return (buffer, start) => {
    let at = start + buffer.write(random.bits().toString(16).padStart(8, '0'), start, 'latin1')
    buffer[at++] = 9
    for (let left = 250; left > 0; left--) {
      at = buffer.writeUInt32LE(random.bits(), at)
    }
    for (let i = start + 9; i < at; i++) if (buffer[i] === 10 || buffer[i] === 13) buffer[i] = 0x80
    buffer[at++] = 10
    return at
  }
}

const HEX = '0123456789abcdef'

/** `index` or `k`, TAB, 400 hex digits. */
function wide(seed: number, key: (index: number) => string): Lines {
  const random = seeded(seed)
  return (buffer, start, index) => {
    let at = start + buffer.write(`${key(index)}\t`, start, 'latin1')
    for (let left = 50; left > 0; left--) {
      for (let bits = random.bits(), digit = 0; digit < 8; digit++, bits >>>= 4)
        buffer[at++] = HEX.charCodeAt(bits & 15)
    }
    buffer[at++] = 10
    return at
  }
}

const KINDS: Readonly<Record<InputKind, { readonly suffix: string; readonly lines: (seed: number) => Lines }>> = {
  words: { suffix: 'txt', lines: words },
  purchases: { suffix: 'ndjson', lines: purchases },
  noise: { suffix: 'bin', lines: noise },
  distinct: {
    suffix: 'txt',
    lines: (seed) => wide(seed, (index) => `${seed}-${(index * 2_654_435_761) % 2 ** 32}-${index}`),
  },
  'one-key': { suffix: 'txt', lines: (seed) => wide(seed, () => 'k') },
}

/** The folder with `bytes` of this kind in `files` files. */
export function input(cache: string, kind: InputKind, bytes: number, files: number): string {
  const folder = join(cache, `${kind}-${bytes}-${files}`)
  if (existsSync(folder)) return folder
  const partial = `${folder}.partial`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial, { recursive: true })
  const { suffix, lines } = KINDS[kind]
  for (let i = 0; i < files; i++) writeLines(join(partial, `${kind}-${i}.${suffix}`), bytes / files, lines(i + 1))
  renameSync(partial, folder)
  return folder
}

function writeLines(path: string, bytes: number, lines: Lines): void {
  const file = openSync(path, 'w')
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES)
  let written = 0
  let at = 0
  for (let index = 0; written + at < bytes; index++) {
    at = lines(buffer, at, index)
    if (at > BUFFER_BYTES - LINE_MAX) {
      written += writeSync(file, buffer, 0, at)
      at = 0
    }
  }
  writeSync(file, buffer, 0, at)
  closeSync(file)
}
