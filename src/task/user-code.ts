/** User code at work: one realm, the calls into it, and whose fault it is when they fail. */
import { ShoalError } from '../core/errors.ts'
import { BAD, type Batch } from '../data/formats/reader.ts'
import type { RowFactory } from '../data/formats/rows.ts'
import { END } from '../data/fold.ts'
import type { ValueFactory } from '../data/value.ts'
import { hostFailure, isA, TaskFailure } from './failure.ts'
import type { Begun, Driver, Marks, Outside, Pause, Problem } from './inside/driver.ts'
import type { JobFunctions } from './inside/job-graph.ts'
import type { Progress } from './reporter.ts'
import { type Place, titleOf, type UserError, userFailure } from './user-error.ts'

/** The world in which a job's code runs, and what Shoal has made in it. */
export interface CodeRealm {
  readonly driver: Driver
  readonly rows: RowFactory
  readonly values: ValueFactory
  /** Evaluates the job's module; what it throws is the realm's: pass it to `driver.describe`, do not look into it. */
  load(): unknown
}

export type OpenRealm = (outside: Outside) => CodeRealm

/** A job's code, ready to be run, and what its calls are told. */
export interface JobCode {
  readonly params: Readonly<Record<string, string>>
  /** False only if the code surely never skips a record; else emits must be ready to be taken back. */
  readonly maySkip: boolean
  /** A realm for one split or one partition. */
  readonly open: OpenRealm
  /** For several splits, whose code is evaluated anew for each; null where they must not share a realm. */
  share(): OpenRealm | null
  /** Reads the source map when an error is to be shown; null if there is none. */
  sourceMap(): string | null
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
  find(side: number, key: unknown): number
  found(): number
  sideKey(side: number, record: number): unknown
  sideValue(side: number, record: number): unknown
}

/** Whose functions are called: those of a stage, '' where the job has one; of its maps that of an alias, if any. */
export interface PartOfJob {
  readonly stage: string
  readonly alias: string | null
  /** What of these the job's record says that there is: without one of them the answer would be another one. */
  readonly needs: readonly (keyof JobFunctions)[]
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
  find: () => -1,
  found: () => 0,
  sideKey: () => MARKS.end,
  sideValue: () => MARKS.end,
}

export class UserCode {
  readonly realm: CodeRealm
  readonly #job: JobCode
  #refused: unknown = null
  #settled: (() => void) | null = null
  #rejected: { readonly problem: Problem; readonly reason: unknown } | null = null

  /** Opens a realm, and loads the module in it. @throws TaskFailure JOB_THREW, JOB_BUILD */
  constructor(job: JobCode, calls: Calls, reporter: Progress, part: PartOfJob, open: OpenRealm = job.open) {
    this.#job = job
    this.realm = open(this.#outside(calls, reporter))
    const { driver } = this.realm
    let loaded = false
    try {
      loaded =
        driver.load(this.realm.load(), part.stage, part.alias, JSON.stringify(job.params)) &&
        part.needs.every((name) => driver.has(name))
    } catch (error) {
      throw this.#threw(JSON.parse(driver.describe(error)) as Problem, error, null)
    }
    if (!loaded) {
      throw new TaskFailure('user', new ShoalError('JOB_BUILD', 'the bundle declares another job than its record says'))
    }
  }

  /** The calls as the realm's driver wants them: none of these throws where user code could catch it. */
  #outside(calls: Calls, reporter: Progress): Outside {
    const refuse = (error: unknown): void => {
      if (this.#refused === null) this.#refused = error
    }
    const orRefused = <T>(call: () => T, refused: T): T => {
      try {
        return call()
      } catch (error) {
        refuse(error)
        return refused
      }
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
      seed: () => orRefused(() => calls.seed(), ''),
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
      find: (side, key) => orRefused(() => calls.find(side, key), -2),
      found: () => calls.found(),
      sideKey: (side, record) => orRefused(() => calls.sideKey(side, record), MARKS.failed),
      sideValue: (side, record) => orRefused(() => calls.sideValue(side, record), MARKS.failed),
      tick: (spent) => reporter.tick(spent),
      settled: () => this.#settled?.(),
    }
  }

  begin(what: Begun): void {
    this.realm.driver.begin(JSON.stringify(what), what.call === 'map' && this.#job.maySkip)
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

  /** A job has no timers and no I/O: a call that has not settled when the queue of microtasks is empty never will. */
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
    this.#rejected ??= { problem: JSON.parse(this.realm.driver.describe(reason)) as Problem, reason }
  }

  /**
   * Waits until promises that the last calls left behind have run. @throws TaskFailure if one emits, which is too late,
   * or is rejected
   */
  async close(): Promise<void> {
    await turn()
    if (this.realm.driver.problem() !== '') throw this.problem(null)
    if (this.#rejected !== null) throw this.#threw(this.#rejected.problem, this.#rejected.reason, null)
  }

  /** What went wrong inside, as a failure of the attempt. */
  problem(place: Place | null): TaskFailure {
    const { driver } = this.realm
    if (this.#rejected !== null && driver.problem() === '')
      return this.#threw(this.#rejected.problem, this.#rejected.reason, place)
    const problem = JSON.parse(driver.problem()) as Problem
    if (problem.kind === 'outside') return this.#hostFailure(driver.fault(), 'own', place)
    if (problem.kind !== 'refused') return this.#threw(problem, driver.fault(), place)
    const refused = this.#refused
    if (isAboutData(refused)) {
      const { code, message, why, try: remedies } = refused
      return this.#asUser({ code, title: message, why, try: remedies }, problem, place)
    }
    if (refused === null) return this.#threw(problem, driver.fault(), place)
    if (isA(refused, Error)) return hostFailure(refused, 'own', place?.place)
    return this.#threw(JSON.parse(driver.describe(refused)) as Problem, refused, place)
  }

  /** An error that came out of the host's own work while user code may have been called within it (combine). */
  failure(error: unknown, during: 'reading' | 'own', place: Place | null): TaskFailure {
    if (isA(error, TaskFailure)) return error
    if (this.realm.driver.problem() !== '') return this.problem(place)
    return this.#hostFailure(error, during, place)
  }

  #hostFailure(error: unknown, during: 'reading' | 'own', place: Place | null): TaskFailure {
    if (during !== 'own' || !isAboutData(error)) return hostFailure(error, during, place?.place)
    const { code, message, why, try: remedies } = error
    return this.#asUser({ code, title: message, why, try: remedies }, NO_STACK, place)
  }

  #threw(problem: Problem, cause: unknown, place: Place | null): TaskFailure {
    return this.#asUser({ code: 'JOB_THREW', title: titleOf(problem), cause }, problem, place)
  }

  #asUser(error: UserError, problem: Problem, place: Place | null): TaskFailure {
    return userFailure(error, problem, place, this.#job.sourceMap())
  }
}

/** What the job's code gave does not fit: that is no error of the host, wherever it is found. */
export function isAboutData(error: unknown): error is ShoalError & { code: 'USER_VALUE' | 'RECORD_LIMIT' } {
  return isA(error, ShoalError) && (error.code === 'USER_VALUE' || error.code === 'RECORD_LIMIT')
}

const NO_STACK: Problem = { kind: 'outside', name: '', message: '', stack: '' }

const soon = setImmediate
/** Resolves once the queue of microtasks is empty. */
export function turn(): Promise<void> {
  return new Promise((resolve) => void soon(resolve))
}
