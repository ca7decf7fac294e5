import { Draws } from '../random.ts'

/** A seeded generator (sfc32): every input of the fuzzer is a function of (seed, target, number) and nothing else. */
export class Random extends Draws {
  #a: number
  #b: number
  #c: number
  #counter = 1

  /** `words` are mixed in; equal words give equal sequences. */
  constructor(...words: readonly (number | string)[]) {
    super()
    let [a, b, c] = [0x9e3779b9, 0x243f6a88, 0xb7e15162]
    for (const code of words.join('\0')) {
      a = Math.imul(a ^ code.codePointAt(0)!, 0x85ebca6b)
      b = Math.imul(b ^ a, 0xc2b2ae35) + c
      c = (c << 13) | (c >>> 19)
    }
    this.#a = a | 0
    this.#b = b | 0
    this.#c = c | 0
    for (let i = 0; i < 12; i++) this.word()
  }

  /** 0 … 2^32 − 1. */
  word(): number {
    const next = (this.#a + this.#b + this.#counter++) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + next
    return next >>> 0
  }

  next(): number {
    return this.word() / 2 ** 32
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.word() & 0xff)
  }
}
