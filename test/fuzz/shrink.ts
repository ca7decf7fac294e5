/** Makes an input smaller as long as it still does the same: first pieces are taken out, then bytes are made plain. */
const TRIES_MAX = 1_500

export async function shrink(
  bytes: Uint8Array,
  stillFails: (smaller: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let best = bytes
  let tries = 0
  const attempt = async (candidate: Uint8Array): Promise<boolean> => {
    if (tries++ >= TRIES_MAX || !(await stillFails(candidate))) return false
    best = candidate
    return true
  }
  for (let piece = Math.ceil(best.length / 2); piece >= 1 && tries < TRIES_MAX; piece = Math.floor(piece / 2)) {
    for (let at = 0; at < best.length && tries < TRIES_MAX;) {
      const without = new Uint8Array(Buffer.concat([best.subarray(0, at), best.subarray(at + piece)]))
      if (!(await attempt(without))) at += piece
    }
  }
  for (let at = 0; at < best.length && tries < TRIES_MAX; at++) {
    if (best[at] === 0) continue
    const plain = new Uint8Array(best)
    plain[at] = 0
    await attempt(plain)
  }
  return best
}
