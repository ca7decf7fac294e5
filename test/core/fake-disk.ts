/** One node's disk: what is synced survives a crash, what is not may not. */
import type { Death, Held } from '../../src/core/events.ts'
import type { Delta } from '../../src/core/ledger/ledger.ts'
import type { SignedNodeRecord } from '../../src/core/members/membership.ts'
import type { Digest, JobId, JobRecord, NodeId, TaskIndex } from '../../src/core/types.ts'
import type { Stored } from './fake-work.ts'

interface Arrival {
  readonly consumer: TaskIndex
  readonly producer: TaskIndex
  readonly digest: Digest
  readonly stored: Stored
}

export class FakeDisk {
  bootCount = 0
  readonly jobs: Map<JobId, JobRecord> = new Map()
  readonly members: Map<NodeId, SignedNodeRecord> = new Map()
  readonly forgotten: Map<JobId, number> = new Map()
  /** Attempts journaled as begun and not as ended. */
  readonly open: Map<string, Death & { readonly job: JobId }> = new Map()
  private readonly logs = new Map<JobId, { readonly delta: Delta; synced: boolean }[]>()
  private readonly outputs = new Map<JobId, Map<TaskIndex, Stored>>()
  private readonly arrived = new Map<JobId, Map<string, Arrival>>()

  /** Returns what makes the line durable. */
  append(job: JobId, delta: Delta): () => void {
    const line = { delta, synced: false }
    entry(this.logs, job, () => []).push(line)
    return () => {
      line.synced = true
    }
  }

  /** Unsynced lines are lost; a log is whole up to its first lost line. */
  crash(): void {
    for (const [job, lines] of this.logs) {
      const lost = lines.findIndex((line) => !line.synced)
      if (lost >= 0) this.logs.set(job, lines.slice(0, lost))
    }
  }

  log(job: JobId): Delta[] {
    return (this.logs.get(job) ?? []).map((line) => structuredClone(line.delta))
  }

  put(job: JobId, task: TaskIndex, stored: Stored): void {
    entry(this.outputs, job, () => new Map<TaskIndex, Stored>()).set(task, stored)
  }

  output(job: JobId, task: TaskIndex): Stored | undefined {
    return this.outputs.get(job)?.get(task)
  }

  /** A file is damaged or deleted behind the node's back. */
  lose(job: JobId, task: TaskIndex): void {
    this.outputs.get(job)?.delete(task)
  }

  held(job: JobId): Held[] {
    return [...(this.outputs.get(job) ?? [])].map(([task, stored]) => ({ task, output: stored.output }))
  }

  /** Attempts found open at boot; told once. */
  deaths(job: JobId): Death[] {
    const found = [...this.open.values()].filter((death) => death.job === job)
    for (const { attempt } of found) this.open.delete(attempt)
    return found.map(({ task, attempt }) => ({ task, attempt }))
  }

  receive(job: JobId, consumer: TaskIndex, producer: TaskIndex, stored: Stored): void {
    const arrival = { consumer, producer, digest: stored.output.digest, stored }
    entry(this.arrived, job, () => new Map<string, Arrival>()).set(`${consumer} ${producer}`, arrival)
  }

  arrivals(job: JobId): Arrival[] {
    return [...(this.arrived.get(job)?.values() ?? [])]
  }

  /** What a consumer reads of a producer: its own output, or what arrived for it. */
  read(job: JobId, consumer: TaskIndex, producer: TaskIndex, digest: Digest): Stored {
    const own = this.output(job, producer)
    if (own?.output.digest === digest) return own
    const arrived = this.arrived.get(job)
    const arrival = arrived?.get(`${consumer} ${producer}`)
    if (arrival?.digest === digest) return arrival.stored
    // Runs are for their consumer; what has none (bounds) is the same for all.
    for (const other of arrived?.values() ?? [])
      if (other.producer === producer && other.digest === digest && other.stored.runs.length === 0) return other.stored
    throw new Error(`task ${consumer} began without the output of task ${producer}`)
  }

  /** Deletes outputs that are released, and what arrived of them. */
  release(job: JobId, isReleased: (task: TaskIndex) => boolean): void {
    const outputs = this.outputs.get(job)
    for (const task of outputs?.keys() ?? []) if (isReleased(task)) outputs?.delete(task)
    const arrived = this.arrived.get(job)
    for (const [name, { producer }] of arrived ?? []) if (isReleased(producer)) arrived?.delete(name)
  }

  forget(job: JobId, round: number): void {
    this.forgotten.set(job, round)
    for (const map of [this.jobs, this.logs, this.outputs, this.arrived]) map.delete(job)
  }
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}
