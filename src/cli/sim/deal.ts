import type { DataOption } from '../../control/node-options.ts'

/** A dataset to deal out: whole files, in path order. */
export interface Deck {
  readonly name: string
  readonly dir: string
  readonly replicated: boolean
  readonly all?: boolean
  readonly links?: 'follow' | 'skip'
  readonly files: readonly string[]
}

/**
 * Deals whole files to `nodes` nodes, round-robin in path order: an own file to one node, a replicated one to
 * min(nodes, max(2, kill + 1)) nodes, so that one of them survives. Entry i is what node i offers.
 */
export function dealFiles(decks: readonly Deck[], nodes: number, kill: number): DataOption[][] {
  const hands: DataOption[][] = Array.from({ length: nodes }, () => [])
  let turn = 0
  for (const deck of decks) {
    const copies = deck.replicated ? Math.min(nodes, Math.max(2, kill + 1)) : 1
    const dealt: string[][] = Array.from({ length: nodes }, () => [])
    for (const file of deck.files) {
      for (let copy = 0; copy < copies; copy++) dealt[(turn + copy) % nodes]?.push(file)
      turn++
    }
    for (const [i, files] of dealt.entries()) {
      if (files.length > 0) hands[i]?.push({ ...deck, files })
    }
  }
  return hands
}

/** Whether a node holds a file that no other has: then a job must wait until it is back. */
export function holdsAlone(hand: readonly DataOption[]): boolean {
  return hand.some((offer) => !offer.replicated)
}

/**
 * `count` of `candidates`, the same for the same seed and candidates: a shuffle (Fisher and Yates, by Durstenfeld)
 * with mulberry32 as its source.
 */
export function draw<T>(candidates: readonly T[], count: number, seed: number): T[] {
  const rest = [...candidates]
  const random = mulberry32(seed)
  const drawn: T[] = []
  while (drawn.length < count && rest.length > 0) drawn.push(...rest.splice(Math.floor(random() * rest.length), 1))
  return drawn
}

/** Tommy Ettinger's mulberry32: uniform in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
