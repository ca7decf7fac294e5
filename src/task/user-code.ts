/** User code at work: one realm, the calls into it, and what its errors become. */
import { ShoalError } from '../core/errors.ts'
import { visible } from '../words/visible.ts'
import { BAD, type Batch } from '../data/formats/reader.ts'
import { END } from '../data/fold.ts'
import { hostFailure, isA, TaskFailure } from './failure.ts'
import type { Marks, Outside, Pause, Problem } from './inside/driver.ts'
import { type JobScripts, makeRealm, type Realm, SharedRealm } from './realm.ts'
import type { Reporter } from './reporter.ts'
import { placesOf, placeText, sourceLine } from './stack.ts'
import { titleOf } from './read-job.ts'
import type { WebHost } from './inside/web.ts'
import { makeWebHost } from './web-host.ts'

/** A job's code, compiled once, and what its calls are told. */
export interface LoadedJob extends JobScripts {
  /** Reads the source map when an error is to be shown; null if there is none. */
  sourceMap(): string | null
  readonly params: Readonly<Record<string, string>>
  /** The word occurs in the bundle: emits must be ready to be taken back. */
  readonly maySkip: boolean
  /** The same for Temporal: realms of others are without. */
  readonly temporal: boolean
}

/** The host's half of the calls; each may throw. */
export interface Calls {
  emit(key: unknown, value: unknown): void
  mark(): void
  commit(): void
  seed(): string
  group(): boolean
  key(): unknown
  value(alias: number): unknown
}

export const MARKS: Marks = { bad: BAD, end: END, failed: Symbol('failed') }

/** Work of one kind has no calls of the other. */
export const NO_CALLS: Calls = {
  emit: () => undefined,
  mark: () => undefined,
  commit: () => undefined,
  seed: () => '',
  group: () => false,
  key: () => null,
  value: () => MARKS.end,
}

export interface Place {
  readonly place: string
  /** What user code was working on, for the message. */
  readonly record: string
}

export class UserCode {
  readonly realm: Realm
  readonly #job: LoadedJob
  #refused: unknown = null
  #settled: (() => void) | null = null
  #rejected: Problem | null = null

  /** Makes the realm, or takes the shared one, and loads the module. @throws TaskFailure JOB_THREW, JOB_BUILD */
  constructor(
    job: LoadedJob,
    calls: Calls,
    reporter: Reporter,
    alias: string | null,
    shared: SharedRealm | null = null,
  ) {
    this.#job = job
    const outside = this.#outside(calls, reporter)
    this.realm = shared?.next(outside) ?? makeRealm(webHostOf(reporter), outside, MARKS, job.temporal)
    const { driver } = this.realm
    let loaded = false
    try {
      loaded = driver.load(this.realm.run(job), alias)
    } catch (error) {
      throw this.#threw(JSON.parse(driver.describe(error)) as Problem, null)
    }
    if (!loaded) {
      throw new TaskFailure('user', new ShoalError('JOB_BUILD', 'the bundle declares another job than its record says'))
    }
  }

  /** The calls as the realm's driver wants them: none of these throws where user code could catch it. */
  #outside(calls: Calls, reporter: Reporter): Outside {
    const refuse = (error: unknown): void => {
      if (this.#refused === null) this.#refused = error
    }
    return {
      emit: (key, value) => {
        try {
          calls.emit(key, value)
          return true
        } catch (error) {
          refuse(error)
          return false
        }
      },
      failure: () => (isA(this.#refused, ShoalError) ? this.#refused.message : 'the task cannot go on'),
      mark: () => calls.mark(),
      commit: () => calls.commit(),
      seed: () => {
        try {
          return calls.seed()
        } catch (error) {
          refuse(error)
          return ''
        }
      },
      group: () => calls.group(),
      key: () => calls.key(),
      value: (alias) => {
        try {
          return calls.value(alias)
        } catch (error) {
          refuse(error)
          return MARKS.failed
        }
      },
      tick: (spent) => reporter.tick(spent),
      settled: () => this.#settled?.(),
    }
  }

  begin(shard: { dataset: string; path: string } | null, aliases: readonly string[] | null): void {
    const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value))
    this.realm.driver.begin(
      JSON.stringify(this.#job.params),
      json(shard),
      json(aliases),
      shard !== null && this.#job.maySkip,
    )
  }

  /** Calls map for the records from `from` on, until the batch ends or something is to be decided. */
  map(batch: Batch, from: number): Pause | Promise<Pause> {
    const { driver } = this.realm
    driver.map(batch, from)
    return driver.pause() === 'pending' ? this.#wait() : driver.pause()
  }

  /** Calls reduce for all groups. */
  reduce(): Pause | Promise<Pause> {
    const { driver } = this.realm
    driver.reduce()
    return driver.pause() === 'pending' ? this.#wait() : driver.pause()
  }

  /** Asynchronous calls go on without timers or I/O: what has not settled when the queue is empty never will. */
  async #wait(): Promise<Pause> {
    let settled = false
    const end = new Promise<void>((resolve) => {
      this.#settled = () => {
        settled = true
        resolve()
      }
    })
    await Promise.race([end, turn()])
    this.#settled = null
    if (settled) return this.realm.driver.pause()
    throw new TaskFailure(
      'user',
      new ShoalError('JOB_THREW', 'an asynchronous call never ends: it awaits a promise that nothing will settle', {
        why: 'a job has no timers, files or network to wait for',
      }),
    )
  }

  /** A promise of this realm was rejected, and no one looks at it. */
  rejected(reason: unknown): void {
    this.#rejected ??= JSON.parse(this.realm.driver.describe(reason)) as Problem
  }

  /** Lets what the last calls have left behind come to light. @throws TaskFailure */
  async close(): Promise<void> {
    await turn()
    if (this.realm.driver.problem() !== '') throw this.problem(null)
    if (this.#rejected !== null) throw this.#threw(this.#rejected, null)
  }

  /** What went wrong inside, as a failure of the attempt. */
  problem(place: Place | null): TaskFailure {
    const { driver } = this.realm
    if (this.#rejected !== null && driver.problem() === '') return this.#threw(this.#rejected, place)
    const problem = JSON.parse(driver.problem()) as Problem
    if (problem.kind === 'outside') return hostFailure(driver.fault(), 'own', place?.place)
    if (problem.kind !== 'refused') return this.#threw(problem, place)
    const refused = this.#refused
    if (isA(refused, ShoalError) && (refused.code === 'USER_VALUE' || refused.code === 'RECORD_LIMIT')) {
      return this.#asUser(refused.code, refused.message, problem, place)
    }
    if (refused === null) return this.#threw(problem, place)
    if (isA(refused, Error)) return hostFailure(refused, 'own', place?.place)
    return this.#threw(JSON.parse(driver.describe(refused)) as Problem, place)
  }

  /** An error that came out of the host's own work while user code may have been called within it (combine). */
  failure(error: unknown, during: 'reading' | 'own', place: Place | null): TaskFailure {
    if (isA(error, TaskFailure)) return error
    if (this.realm.driver.problem() !== '') return this.problem(place)
    if (isA(error, ShoalError) && (error.code === 'USER_VALUE' || error.code === 'RECORD_LIMIT') && during === 'own') {
      return new TaskFailure('user', error, place?.place)
    }
    return hostFailure(error, during, place?.place)
  }

  #threw(problem: Problem, place: Place | null): TaskFailure {
    return this.#asUser('JOB_THREW', titleOf(problem), problem, place)
  }

  #asUser(
    code: 'JOB_THREW' | 'USER_VALUE' | 'RECORD_LIMIT',
    title: string,
    problem: Problem,
    place: Place | null,
  ): TaskFailure {
    const map = this.#job.sourceMap()
    const places = placesOf(problem.stack, map)
    const at = placeText(places)
    const source = places[0] === undefined ? null : sourceLine(map, places[0])
    const why = [
      ...(source === null ? [] : [source.trim()]),
      // One line, whatever the file's name and the record hold.
      ...(place === null ? [] : [visible(`${place.place}: ${place.record}`)]),
    ].join('\n')
    const error = new ShoalError(code, at === '' ? title : `${at}: ${title}`, { why: why === '' ? undefined : why })
    return new TaskFailure('user', error, place?.place ?? '')
  }
}

/** A realm for the splits of one task, where the job's code may share one. */
export function shareRealm({ module }: LoadedJob, reporter: Reporter): SharedRealm | null {
  return module === null ? null : new SharedRealm(webHostOf(reporter), MARKS, module)
}

function webHostOf(reporter: Reporter): WebHost {
  return makeWebHost((text) => reporter.log(text))
}

const soon = setImmediate
/** Resolves when all that can happen without the outside has happened. */
export function turn(): Promise<void> {
  return new Promise((resolve) => void soon(resolve))
}
