import { Draws } from '../random.ts'

/**
 * Seeded random numbers of a simulated world: sfc32 (Chris Doty-Humphrey, PractRand, public domain). A seed is any
 * integer from 0 to 2^53 − 1; all of its bits count.
 */
export class Random extends Draws {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number, stream: string = '') {
    super()
    if (!Number.isSafeInteger(seed) || seed < 0)
      throw new RangeError(`a seed is an integer from 0 to 2^53 - 1: ${seed}`)
    this.#a = seed >>> 0
    this.#b = Math.floor(seed / 2 ** 32) >>> 0
    this.#c = 0x9e3779b9
    for (const char of stream) {
      this.#c = (this.#c ^ char.codePointAt(0)!) >>> 0
      this.#draw()
    }
    for (let i = 0; i < 15; i++) this.#draw()
  }

  #draw(): number {
    const sum = (this.#a + this.#b + this.#counter) >>> 0
    this.#counter = (this.#counter + 1) >>> 0
    this.#a = (this.#b ^ (this.#b >>> 9)) >>> 0
    this.#b = (this.#c + (this.#c << 3)) >>> 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) >>> 0
    return sum
  }

  next(): number {
    return this.#draw() / 2 ** 32
  }
}
