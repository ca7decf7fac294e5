import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey, PublicKey } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import { ShoalError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { NodeId } from '../../core/types.ts'

/** Where a secret lies; `save` resolves when it is on disk, readable by the owner alone. */
export interface SecretStore {
  load(): Promise<Uint8Array | null>
  save(bytes: Uint8Array): Promise<void>
}

/** The node's Ed25519 key pair. The id contains the public key, so that anyone can check a signature by the id alone. */
export interface Identity {
  readonly id: NodeId
  readonly privateKey: PrivateKey
}

/** The identity kept in `store`, or a new one, kept there from now on. Throws NODE_SETUP if what is kept is damaged. */
export async function openIdentity(store: SecretStore): Promise<Identity> {
  const kept = await store.load().catch((error: unknown) => {
    throw error instanceof ShoalError && error.code === 'DAMAGED' ? damagedIdentity(error) : error
  })
  if (kept !== null) return decodeIdentity(kept)
  const identity = await createIdentity()
  await store.save(privateKeyToProtobuf(identity.privateKey))
  return identity
}

/** An identity that nobody keeps, for a mesh of one run. */
export async function createIdentity(): Promise<Identity> {
  return toIdentity(await generateKeyPair('Ed25519'))
}

function decodeIdentity(bytes: Uint8Array): Identity {
  try {
    return toIdentity(privateKeyFromProtobuf(bytes))
  } catch (cause) {
    throw damagedIdentity(cause)
  }
}

function damagedIdentity(cause: unknown): ShoalError {
  return new ShoalError('NODE_SETUP', 'the identity kept in the home folder is damaged', {
    cause,
    why: cause instanceof ShoalError ? cause.message : 'its file is not a private key',
    try: ['restore the file from a backup', 'start the node with another --home: it is a new member then'],
  })
}

function toIdentity(privateKey: PrivateKey): Identity {
  return { id: peerIdFromPrivateKey(privateKey).toString() as NodeId, privateKey }
}

/** Checks signatures; keeps the public keys of the ids seen last. Whatever is not an id or not a signature is false. */
export function createVerifier(): (signer: NodeId, bytes: Uint8Array, signature: Uint8Array) => Promise<boolean> {
  const keys = new Map<NodeId, PublicKey>()
  const keyOf = (signer: NodeId): PublicKey | null => {
    const cached = keys.get(signer)
    if (cached !== undefined) return cached
    const key = peerIdFromString(signer).publicKey
    if (key?.type !== 'Ed25519') return null
    if (keys.size >= LIMITS.membersMax) keys.clear()
    keys.set(signer, key)
    return key
  }
  return async (signer, bytes, signature) => {
    try {
      return (await keyOf(signer)?.verify(bytes, signature)) ?? false
    } catch {
      return false
    }
  }
}
