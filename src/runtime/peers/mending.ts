/** Looks for damage on this node's disk before anyone asks for what is damaged, and has it again from others. */
import { livePeers } from '../../core/members/liveness.ts'
import { filesOf } from '../../core/plan/files.ts'
import { LIMITS } from '../../core/limits.ts'
import type { JobState } from '../../core/state.ts'
import type { JobId, NodeId, TaskIndex } from '../../core/types.ts'
import { fromBytes, fromJson } from '../../wire/codec.ts'
import { jobBody, jobTimes, openJob } from '../../wire/job.ts'
import { isWhole, loseOutput } from '../home/check-files.ts'
import type { Context } from '../context.ts'
import { readLogs } from '../home/logs.ts'
import { pause } from '../pause.ts'
import { callPeer } from './rpc.ts'
import type { Times } from '../home/times.ts'
import { outputFile } from '../home/folder.ts'

export class Mending {
  readonly #context: Context
  readonly #times: Times
  #sweeping = false
  #stopped = false

  constructor(context: Context, times: Times) {
    this.#context = context
    this.#times = times
  }

  stop(): void {
    this.#stopped = true
  }

  /** Code that is damaged or missing here, and when a job began, come from whoever has them. Never rejects. */
  async sweep(): Promise<void> {
    if (this.#sweeping) return
    this.#sweeping = true
    const { state, store } = this.#context
    for (const job of store.codes.missing()) if (state.jobs.has(job)) await this.#haveCode(job)
    for (const job of this.#times.lost()) await this.#haveTimes(job)
    this.#sweeping = false
  }

  #connected(): readonly NodeId[] {
    const { state } = this.#context
    return livePeers(state).filter((node) => state.members.get(node)?.connected === true)
  }

  async #haveTimes(job: JobId): Promise<void> {
    const peers = this.#connected()
    for (const node of peers) {
      try {
        const { body } = await callPeer(this.#context, node, { call: 'times', job })
        const { submitted, ended } = fromJson(jobTimes, body)
        // Opened again here, and not yet there.
        const isOpen = this.#context.state.jobs.get(job)?.endedAt === null
        return this.#times.restore(job, { submitted, ended: isOpen ? null : ended })
      } catch (error) {
        this.#context.dropped('fetch-times', error)
      }
    }
    if (peers.length > 0 || this.#context.state.members.size <= 1) this.#times.giveUp(job)
  }

  async #haveCode(job: JobId): Promise<void> {
    const { state, store, dropped } = this.#context
    const peers = this.#connected()
    for (const node of peers) {
      try {
        const body = fromBytes(jobBody, (await callPeer(this.#context, node, { call: 'job', job })).body)
        if (openJob(body).id !== job) throw new Error('another job than asked for')
        if (state.jobs.has(job)) await store.codes.put(job, body)
        return
      } catch (error) {
        dropped('fetch-code', error)
      }
    }
    // Right after a start nobody is there yet to be asked.
    if (state.now >= state.graceUntil && peers.length === livePeers(state).length) store.codes.nobodyHas(job)
  }

  /**
   * Reads all outputs that this node says it has, and what tasks wrote to the console, once, at a pace that leaves the
   * disk to tasks: a file that was damaged while the node was down is found before it is needed. Never rejects.
   */
  async readAll(): Promise<void> {
    const { state, dropped } = this.#context
    for (const job of [...state.jobs.values()]) {
      await readLogs(this.#context, job.record.id).catch((error: unknown) => dropped('read-all', error))
      for (const task of [...job.has].sort((a, b) => a - b))
        await this.#read(job, task).catch((error: unknown) => dropped('read-all', error))
    }
  }

  async #read(job: JobState, task: TaskIndex): Promise<void> {
    const { state, store, clock } = this.#context
    const place = (file: string): string => outputFile(job.record.id, task, file)
    const wanted = (): boolean => !this.#stopped && state.jobs.get(job.record.id) === job && job.has.has(task)
    if (!wanted()) return
    const listing = await store.outputs.listing(job.record.id, task)
    for (const file of listing === null ? [] : filesOf(listing)) {
      await pause(clock, LIMITS.readAllPauseMs)
      if (!wanted()) return
      if (await isWhole(this.#context, place(file), listing!, file, LIMITS.readAllPauseMs)) continue
      await loseOutput(this.#context, job, task, file)
      return
    }
    if (listing === null) await loseOutput(this.#context, job, task, 'manifest.json')
  }
}
