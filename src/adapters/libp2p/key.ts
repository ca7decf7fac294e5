import { createHash, hkdfSync, randomBytes } from 'node:crypto'
import { assert } from '../../core/errors.ts'

/** Bytes of a mesh key: 256 bits from the system's generator, never a passphrase (a handshake can be tested offline). */
export const MESH_KEY_BYTES = 32

/** What admission needs of a mesh key. */
export interface MeshKey {
  readonly bytes: Uint8Array
  /** First 8 hex digits of SHA-256(key): names the mesh in the clear, and tells nothing of the key. */
  readonly id: string
  /** Enters every noise handshake: without the key no handshake completes. */
  readonly prologue: Uint8Array
}

export function createMeshKey(): MeshKey {
  return meshKey(randomBytes(MESH_KEY_BYTES))
}

export function meshKey(bytes: Uint8Array): MeshKey {
  assert(bytes.length === MESH_KEY_BYTES, 'a mesh key has 32 bytes')
  const id = createHash('sha256').update(bytes).digest('hex').slice(0, 8)
  const prologue = new Uint8Array(hkdfSync('sha256', bytes, new Uint8Array(0), 'shoal noise prologue', 32))
  return { bytes: new Uint8Array(bytes), id, prologue }
}
