/**
 * The outside world on one page. Ports carry bytes and plain data; who implements one imports this file, the core's
 * types and its one library. Each port has a memory twin in `adapters/memory`, and one acceptance suite that both pass.
 */
import type { Work } from './core/plan/work.ts'
import type { Bytes, Digest, Manifest, Millis, NodeId, RunRow } from './core/types.ts'
import type { ErrorJson } from './core/errors.ts'

/** Time as one process sees it. `now` is monotonic, `wall` is for people's eyes only: nothing is decided by it. */
export interface Clock {
  now(): Millis
  wall(): Date
  /**
   * Calls `run` once, in a turn of its own, when so much time has gone by (0: as soon as other work had its turn),
   * unless the returned function is called before.
   */
  after(delay: Millis, run: () => void): () => void
}

/**
 * A duplex byte stream to one peer, with back-pressure both ways.
 * A clean end says nothing about completeness: whoever reads must know from the bytes themselves that all came.
 */
export interface ByteStream {
  readonly peer: NodeId
  /** Resolves when the bytes are accepted below the high-water mark; rejects once the stream is closed or reset. */
  write(bytes: Uint8Array): Promise<void>
  /** The next bytes, or null at the other side's end. Rejects when the stream was reset. One reader at a time. */
  read(): Promise<Uint8Array | null>
  /** Ends the writing side, and waits until the bytes have left. */
  end(): Promise<void>
  /** Resets both sides at once; never throws. */
  abort(reason: string): void
}

/** The mesh: gossip that may be lost, and streams. Peers are members: who has not the mesh key has no connection. */
export interface Mesh {
  readonly self: NodeId
  /** Full addresses with /p2p/ID, dialable ones first. */
  addresses(): string[]
  /** Peers with an open connection. */
  peers(): NodeId[]
  /** Gossip; resolves to the number of direct recipients (0: it reached nobody). Never rejects. */
  publish(bytes: Uint8Array): Promise<number>
  /** Rejects when the peer cannot be reached, also over a relay. */
  open(peer: NodeId, protocol: string, signal?: AbortSignal): Promise<ByteStream>
  /** Adds addresses to try for a peer, for ever, with back-off (`peer` null: whoever answers there). */
  keepDialling(peer: NodeId | null, addresses: readonly string[]): void
  /** Ends connection and redialling (a forgotten member). */
  drop(peer: NodeId): void
  /** Signature by this node's own identity key. */
  sign(bytes: Uint8Array): Promise<Uint8Array>
  verify(signer: NodeId, bytes: Uint8Array, signature: Uint8Array): Promise<boolean>
  stop(): Promise<void>
}

/** What a mesh tells its owner; set once, before the mesh starts. A handler's stream must be read at once. */
export interface MeshEvents {
  gossip(from: NodeId, bytes: Uint8Array): void
  peer(peer: NodeId, connected: boolean): void
  stream(protocol: string, stream: ByteStream): void
  /** A dial given by --join was refused for want of the right key, or failed for another reason. */
  joinFailed(address: string, why: 'refused' | 'unreachable' | 'version', message: string): void
}

/**
 * Files under one home folder; names are relative to it, `/`-separated, made by Shoal alone.
 * What `put`, `adopt` or `append` has resolved for is on disk (fsync of file and folder).
 */
export interface Disk {
  /** Writes a small file whole: temporary name, fsync, rename. */
  put(name: string, bytes: Uint8Array): Promise<void>
  /** null if there is none. */
  get(name: string): Promise<Uint8Array | null>
  /** Takes over a finished file by rename after fsync, checking its size. `from` is an absolute path of the same disk. */
  adopt(from: string, name: string, size: Bytes): Promise<void>
  /** Appends to a log and fsyncs; appends called in one turn share one fsync. */
  append(name: string, bytes: Uint8Array): Promise<void>
  /** A file to be written piece by piece; it has its name only after `commit`. */
  create(name: string): Promise<DiskWriter>
  /** Reads a range; short only at the end of the file. Rejects when the file is not there. */
  read(name: string, offset: Bytes, length: Bytes): Promise<Uint8Array>
  size(name: string): Promise<Bytes | null>
  /** For a reader that goes block by block, synchronously. Throws when the file is not there. */
  open(name: string): OpenFile
  /** Names of the direct entries of a folder; [] where there is none. */
  list(folder: string): Promise<string[]>
  /** Removes a file or a folder with all in it; no error where there is none. A crash soon after may bring it back, whole. */
  remove(name: string): Promise<void>
  /** The absolute path, for links that a task process reads through. */
  path(name: string): string
}

export interface OpenFile {
  /** Short only at the end of the file; what it returns may be reused by the next call. */
  read(offset: Bytes, length: Bytes): Uint8Array
  close(): void
}

export interface DiskWriter {
  write(bytes: Uint8Array): Promise<void>
  /** fsync, rename, fsync of the folder. */
  commit(): Promise<void>
  discard(): Promise<void>
}

/** A file that a task may read, under the name by which its command refers to it. */
export interface TaskFile {
  readonly name: string
  readonly path: string
  /** Of a shard that lies here: then it may be read before the task begins, if it is small. */
  readonly size?: Bytes
  /** It is on a disk of this machine: what the system knows of it, once it is open, it tells at once. */
  readonly near?: boolean
}

export interface AttemptSpec {
  /** Names a folder and nothing else. */
  readonly attempt: string
  readonly job: string
  /** The job's name, for messages. */
  readonly jobFile: string
  /** Paths of bundle and source map; the process reads the bundle through a link in its own folder. */
  readonly bundle: string
  readonly sourceMap: string | null
  readonly code: Digest
  readonly params: Readonly<Record<string, string>>
  readonly memory: Bytes
  readonly timeoutMs: Millis
  readonly files: readonly TaskFile[]
  readonly work: Work
}

export interface AttemptProgress {
  /** Bytes read, sorted, merged or folded: any progress at all moves it. */
  readonly units: number
  readonly records: number
  readonly bytes: Bytes
}

/** Who is to blame: `user` causes fail the round when they repeat, `own` causes move the task to another node. */
export interface AttemptFailure {
  readonly blame: 'user' | 'own' | 'input'
  readonly error: ErrorJson
  /** Where in the data, for deciding whether two failures are equal; '' if unknown. */
  readonly place: string
}

/** A closed, not yet synced file that the attempt left: `name` is `run-P`, `keys` or `part`. */
export interface OutputFile {
  readonly name: string
  readonly path: string
  /** Bytes on disk (compressed). */
  readonly size: Bytes
}

export type AttemptEnd =
  | {
      readonly ok: true
      readonly manifest: Manifest
      /** Where the output is runs: of each partition. */
      readonly rows: readonly RunRow[]
      readonly files: readonly OutputFile[]
      readonly log: string
    }
  | { readonly ok: false; readonly failure: AttemptFailure; readonly log: string }

export interface Attempt {
  readonly pid: number
  progress(): AttemptProgress
  /** Resolves exactly once, also after `kill` (then not ok, blame own). Output files stay until `release`. */
  readonly end: Promise<AttemptEnd>
  kill(why: string): void
  /** Frees the slot and removes what the attempt left. */
  release(): Promise<void>
}

/** Runs tasks in processes of their own, at most `slots` at once. */
export interface Tasks {
  readonly slots: number
  start(spec: AttemptSpec): Attempt
  /** Starts a spare process, for the first task; `keep`: there is always one, for whatever comes next. */
  warm(keep: boolean): void
  stop(): Promise<void>
}
