import type { Intrinsics } from './intrinsics.ts'

/** A stream of random numbers, the same for the same seed. */
export interface Random {
  /** 32 hex digits. */
  seed(digits: string): void
  /** Uniform in [0, 1), 53 bits. */
  next(): number
}

/**
 * sfc32 by Chris Doty-Humphrey (PractRand): 128 bits of state, here seeded by a SHA-256, the first 15 numbers dropped.
 * Self-contained, see `intrinsics`.
 */
export function randomStream(own: Intrinsics): Random {
  let [a, b, c, d] = [0, 0, 0, 0]
  const word = (digits: string, at: number): number => own.fromHex(own.slice(digits, at, at + 8)) | 0
  const draw = (): number => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return t >>> 0
  }
  return {
    seed: (digits) => {
      a = word(digits, 0)
      b = word(digits, 8)
      c = word(digits, 16)
      d = word(digits, 24)
      for (let i = 0; i < 15; i++) draw()
    },
    next: () => ((draw() >>> 5) * 67_108_864 + (draw() >>> 6)) / 9_007_199_254_740_992,
  }
}
