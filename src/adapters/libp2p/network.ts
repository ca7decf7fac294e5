/** Opens what a home keeps of its mesh (key, identity, port), joins where it is told to, and starts the mesh. */
import { join } from 'node:path'
import { fromString } from 'uint8arrays/from-string'
import { toString } from 'uint8arrays/to-string'
import { ShoalError } from '../../core/errors.ts'
import type { MeshEvents } from '../../ports.ts'
import { openIdentity, type SecretStore } from './identity.ts'
import { createMeshKey, meshKey, type MeshKey } from './key.ts'
import { startMesh, type NetworkMesh } from './mesh.ts'
import { secretFile } from './secret-file.ts'
import { formatTicket, parseJoin } from './ticket.ts'

export interface NetworkOptions {
  readonly home: string
  readonly join: readonly string[]
  readonly listen: readonly string[]
  readonly mdns: boolean
  readonly protocols: readonly string[]
  /** Whether a node was in a mesh with this home before: it has an identity and a key, then. */
  readonly startedBefore: boolean
  warn(line: string): void
}

export interface OpenNetwork {
  readonly mesh: NetworkMesh
  ticket(): string
  triedAll(): boolean
  traffic(): { connections: number; streams: number }
}

/** Throws TICKET, HOME_OTHER_MESH, NOT_ADMITTED (told to join by address, with no key at hand), PORT_IN_USE, USAGE. */
export async function startNetwork(options: NetworkOptions, events: MeshEvents): Promise<OpenNetwork> {
  const targets = options.join.map((text) => parseJoin(text))
  const key = await openKey(
    options,
    targets.map((t) => t.key).filter((k) => k !== null),
    targets.length > 0,
  )
  const identityFile = secretFile(join(options.home, 'identity.key'))
  if (options.startedBefore && (await isMissing(identityFile)))
    options.warn(
      `identity.key is gone from ${options.home}: this node is a new member. Stop it and restore the file from a backup, ` +
        'or on every node `shoal members forget ID` the one that it was; `shoal members --json` has the id',
    )
  const identity = await openIdentity(identityFile)
  const portFile = secretFile(join(options.home, 'port'))
  const kept = await portFile.load().catch((error: unknown) => {
    if (!isDamaged(error)) throw error
    options.warn(`${error.message}: this node may listen on another port than before`)
    return null
  })
  const mesh = await startMesh(
    {
      identity,
      key,
      protocols: options.protocols,
      listen: options.listen,
      keptPort: kept === null ? null : Number(toString(kept)),
      mdns: options.mdns,
      warn: (line) => options.warn(line),
    },
    events,
  )
  if (mesh.port !== null) await portFile.save(fromString(String(mesh.port)))
  for (const target of targets) mesh.keepDialling(null, target.addresses)
  return {
    mesh,
    ticket: () => formatTicket(key.bytes, mesh.addresses()),
    triedAll: () => mesh.triedAll(),
    traffic: () => mesh.traffic(),
  }
}

const BACK_INTO_THE_MESH = [
  '--join TICKET: shoal ticket on a member prints one, with the key in it',
  'restore the file from a backup',
]

/** The home's key, or the tickets' (kept from now on); a new one only where nothing is joined. */
async function openKey(
  { home, startedBefore, warn }: NetworkOptions,
  given: readonly Uint8Array[],
  joins: boolean,
): Promise<MeshKey> {
  const store = secretFile(join(home, 'mesh.key'))
  const ids = new Set(given.map((bytes) => meshKey(bytes).id))
  if (ids.size > 1) throw new ShoalError('TICKET', 'the tickets are of different meshes')
  const kept = await store.load().catch((error: unknown) => {
    if (!isDamaged(error)) throw error
    if (given[0] === undefined)
      throw new ShoalError('NODE_SETUP', 'the mesh key kept in the home folder is damaged', {
        why: error.message,
        try: BACK_INTO_THE_MESH,
        cause: error,
      })
    warn(`${error.message}: it takes the key of the ticket`)
    return null
  })
  if (kept !== null) {
    const key = meshKey(kept)
    if (given[0] !== undefined && !ids.has(key.id))
      throw new ShoalError(
        'HOME_OTHER_MESH',
        `this home belongs to mesh ${key.id}, the ticket to mesh ${[...ids][0]}`,
        { try: ['another --home'] },
      )
    return key
  }
  if (given[0] === undefined && joins)
    throw new ShoalError('NOT_ADMITTED', 'an address to join was given, and there is no mesh key at hand', {
      try: ['--join TICKET: shoal ticket on a member prints one, with the key in it'],
    })
  if (startedBefore && given[0] === undefined)
    throw new ShoalError('NODE_SETUP', 'the mesh key is gone from the home folder, which is that of a member', {
      why: `there is no ${join(home, 'mesh.key')}`,
      try: BACK_INTO_THE_MESH,
    })
  const key = given[0] === undefined ? createMeshKey() : meshKey(given[0])
  await store.save(key.bytes)
  return key
}

/** A damaged file is not a missing one. */
async function isMissing(file: SecretStore): Promise<boolean> {
  return (await file.load().catch(() => 'damaged')) === null
}

function isDamaged(error: unknown): error is ShoalError {
  return error instanceof ShoalError && error.code === 'DAMAGED'
}
