/** Seeded numbers for made-up inputs: splitmix32, integers only, the same on every machine. */
export interface Random {
  /** 0 … 2^32 − 1 */
  bits(): number
  /** 0 … bound − 1 */
  below(bound: number): number
}

/** splitmix32, after the public-domain SplitMix64 of Steele, Lea and Flood (2014), with MurmurHash3's 32-bit finish. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  const bits = (): number => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return (mixed ^ (mixed >>> 16)) >>> 0
  }
  return { bits, below: (bound) => Math.floor((bits() / 2 ** 32) * bound) }
}

/** Ranks with frequency 1/(rank + shift): few are everywhere, most are rare, as words and customers are. */
export function zipf(random: Random, ranks: number, shift = 1): () => number {
  const cumulative = new Float64Array(ranks)
  let sum = 0
  for (let rank = 0; rank < ranks; rank++) cumulative[rank] = sum += 1 / (rank + 1 + shift)
  // A table of short cuts makes the search a few steps long.
  const cuts = new Uint32Array(4097)
  for (let cut = 0, rank = 0; cut <= 4096; cut++) {
    while (rank < ranks - 1 && (cumulative[rank] ?? 0) < (cut / 4096) * sum) rank++
    cuts[cut] = rank
  }
  return () => {
    const part = random.bits() / 2 ** 32
    const cut = Math.floor(part * 4096)
    let low = cuts[cut] ?? 0
    let high = cuts[cut + 1] ?? ranks - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((cumulative[middle] ?? 0) < part * sum) low = middle + 1
      else high = middle
    }
    return low
  }
}
