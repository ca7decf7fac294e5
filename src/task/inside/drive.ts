import type { Intrinsics } from './intrinsics.ts'
import type { CounterBook } from './counter-book.ts'
import type { Describe } from './describe.ts'
import type { Begun, Driver, Marks, Outside, Pause, Problem, RecordBatch, Side } from './driver.ts'
import type { JobFunctions, JobGraph, UserFunction } from './job-graph.ts'
import type { Ask } from './look-ups.ts'
import type { Random } from './random.ts'
import type { Phase } from './tame.ts'

/** The parts of a driver that have a file of their own. */
export interface DriverTools {
  readonly counters: CounterBook
  readonly describe: Describe
  readonly graph: JobGraph
  readonly lookUps: (outside: Outside, ask: Ask, sides: readonly Side[]) => unknown
  readonly random: Random
}

/** Calls user code, strictly one call after the other. Self-contained, see `intrinsics`. */
export function drive(own: Intrinsics, phase: Phase, outside: Outside, marks: Marks, tools: DriverTools): Driver {
  const { Failure, TypeFailure, RangeFailure } = own
  const { counters, describe, graph, lookUps, random: draw } = tools
  const idle = 0
  const call = 1
  const skipping = 2
  const busy = 3
  const faulty = 4
  let state = idle
  let generation = 0
  let emitted = false
  let tentative = false
  let budget = 1
  let spentFrom = 1
  let asynchronous = false
  let pause: Pause = 'done'
  let at = 0
  let reason = ''
  let fault: { kind: Problem['kind']; error: unknown } | null = null
  let user: JobFunctions = { map: null, combine: null, by: null, sortValues: null, reduce: null }
  let aliases: readonly string[] = []
  let mapping = false
  let params: unknown = null
  let shard: unknown = null
  let side: unknown = null
  let context: unknown = null

  const skipped = own.freeze(new Failure('this record is skipped'))
  const blame = (kind: Problem['kind'], error: unknown): unknown => {
    if (fault === null) fault = { kind, error }
    state = faulty
    return error
  }
  const refuse = (what: string): unknown => {
    if (state === skipping) return skipped
    if (state === faulty && fault !== null) return fault.error
    const why =
      state === busy
        ? 'inside combine, by or sortValues, or while a value is being read'
        : 'after its call has settled: await all work inside the call'
    return blame('late', new TypeFailure(`${what} ${why}`))
  }

  /**
   * Asks the host while user code is on the stack. If the host's function throws (its stack may overflow), the answer is
   * `otherwise`: user code must not get hold of an error of the host.
   */
  const ask = <T>(question: () => T, otherwise: T): T => {
    let answer = otherwise
    try {
      answer = question()
    } catch {
      // the answer stays `otherwise`
    }
    return answer
  }

  const failure = (): string => ask(() => outside.failure(), 'the task cannot go on')

  // ---- ctx
  const counter = (name: unknown): unknown => {
    const text = own.text(name)
    const known = counters.find(text)
    if (known !== undefined) return known
    const made = counters.make(text, () => {
      if (state !== call) throw refuse('a counter was used')
    })
    if (made === null)
      throw blame(
        'threw',
        new RangeFailure('a job has at most 1000 counters, each with a name of at most 200 characters'),
      )
    return made
  }
  let seeded = false
  const random = (): number => {
    if (state !== call) throw refuse('ctx.random() was called')
    if (!seeded) {
      const digits = ask(() => outside.seed(), '')
      if (digits === '') throw blame('refused', new TypeFailure(failure()))
      draw.seed(digits)
      seeded = true
    }
    return draw.next()
  }

  const skip = (why: unknown): never => {
    if (state !== call) throw refuse('ctx.skip() was called')
    if (emitted && !tentative)
      throw blame('threw', new TypeFailure('after an emit, skip must be called by its name: ctx.skip(reason)'))
    reason = own.text(why)
    state = skipping
    throw skipped
  }
  const lookUp: Ask = (question, refused) => {
    if (state !== call) throw refuse('a side was looked up in')
    state = busy
    let answer = refused
    try {
      answer = ask(question, refused)
    } finally {
      // Not so if `ask` could not even be called: the job's stack is full then, which is no look-up within another.
      if (state === busy) state = call
    }
    if (answer === refused) throw blame('refused', new TypeFailure(failure()))
    if (--budget === 0) ask(tick, undefined)
    return answer
  }
  /**
   * In asynchronous jobs each call has a context of its own, so that an emit by a call that has settled is refused, even
   * while the next call is at work.
   */
  const makeContext = (): unknown => {
    const mine = generation
    const emit = (key: unknown, value: unknown): void => {
      if (state !== call || mine !== generation) throw refuse('emit was called')
      let accepted = false
      state = busy
      try {
        accepted = outside.emit(key, value)
      } catch {
        // a stack overflow in the host's half: its error must not be seen here
      }
      if (!accepted) throw fault === null ? blame('refused', new TypeFailure(failure())) : refuse('')
      state = call
      emitted = true
    }
    if (!mapping) return own.freeze({ emit, params, counter, random, side })
    return own.freeze(
      shard === null
        ? { emit, params, counter, random, side, skip }
        : { emit, params, counter, random, side, shard, skip },
    )
  }

  // ---- calls
  const isThenable = (value: unknown): boolean =>
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  const stop = (index: number, why: Pause): void => {
    at = index
    pause = why
  }
  const caught = (error: unknown): Pause => {
    if (state === skipping) return 'skip'
    if (state !== faulty) blame('threw', error)
    return 'problem'
  }
  const finish = (): void => {
    state = idle
    emitted = false
    if (tentative) outside.commit()
    counters.keep()
    if (--budget === 0) tick()
  }
  const tick = (): void => {
    budget = 1
    budget = outside.tick(spentFrom)
    spentFrom = budget
  }

  const mapLater = async (batch: RecordBatch, from: number, first: unknown): Promise<void> => {
    let i = from
    let answer = first
    const { length } = batch
    try {
      for (;;) {
        if (answer !== undefined && isThenable(answer)) await answer
        if (state !== call) return stop(i, state === skipping ? 'skip' : 'problem')
        finish()
        generation++
        context = makeContext()
        if (++i >= length) return stop(i, 'done')
        const record = batch.record(i)
        if (record === marks.bad) return stop(i, 'bad')
        if (tentative) outside.mark()
        state = call
        answer = (user.map as UserFunction)(record, context)
      }
    } catch (error) {
      if (state === idle) blame('outside', error)
      stop(i, caught(error))
    } finally {
      outside.settled()
    }
  }
  const map = (batch: RecordBatch, from: number): void => {
    if (fault !== null) return stop(from, 'problem')
    const call_ = user.map as UserFunction
    const ctx = context
    const { length } = batch
    let i = from
    try {
      for (; i < length; i++) {
        const record = batch.record(i)
        if (record === marks.bad) return stop(i, 'bad')
        if (tentative) outside.mark()
        state = call
        const answer = call_(record, ctx)
        if (asynchronous || (answer !== undefined && isThenable(answer))) {
          asynchronous = true
          pause = 'pending'
          void mapLater(batch, i, answer)
          return
        }
        if (state !== call) return stop(i, (state as number) === skipping ? 'skip' : 'problem')
        finish()
      }
    } catch (error) {
      if (state === idle) {
        at = i
        throw error
      }
      return stop(i, caught(error))
    }
    stop(length, 'done')
  }

  // ---- values of a group
  const values = (alias: number): unknown => {
    const mine = generation
    let exhausted = false
    const next = (): unknown => {
      if (state !== call || mine !== generation) throw refuse('values were read')
      let value: unknown = marks.failed
      state = busy
      try {
        value = outside.value(alias)
      } catch {
        // the host's error must not be seen here, as in emit
      }
      if (value === marks.failed) throw blame('refused', new TypeFailure(failure()))
      state = call
      if (--budget === 0) ask(tick, undefined)
      if (value !== marks.end) return { value, done: false }
      exhausted = true
      return { value: undefined, done: true }
    }
    // A loop within a loop, or a second one, would find less than all, and nobody would notice.
    const again = (): unknown =>
      blame('threw', new TypeFailure('values are iterated a second time, and come once: keep [...values]'))
    let begun = false
    return {
      __proto__: own.iteratorPrototype,
      next: () => {
        if (exhausted) throw again()
        return next()
      },
      [own.iteratorSymbol]: () => {
        if (begun || exhausted) throw again()
        begun = true
        return { __proto__: own.iteratorPrototype, next }
      },
    }
  }
  const open = (): boolean => {
    if (!outside.group()) return false
    generation++
    seeded = false
    context = makeContext()
    return true
  }
  const callReduce = (): unknown => {
    const key = outside.key()
    let group: unknown
    if (aliases.length === 1 && aliases[0] === '') {
      group = values(0)
    } else {
      const byAlias = own.create(null)
      for (let i = 0; i < aliases.length; i++) byAlias[aliases[i] as string] = values(i)
      group = byAlias
    }
    state = call
    return (user.reduce as UserFunction)(key, group, context)
  }
  const reduceLater = async (first: unknown): Promise<void> => {
    let answer = first
    try {
      for (;;) {
        if (answer !== undefined && isThenable(answer)) await answer
        if (state !== call) return stop(0, 'problem')
        finish()
        if (!open()) return stop(0, 'done')
        answer = callReduce()
      }
    } catch (error) {
      if (state === idle) blame('outside', error)
      stop(0, caught(error))
    } finally {
      outside.settled()
    }
  }
  const reduce = (): void => {
    try {
      while (open()) {
        const answer = callReduce()
        if (answer !== undefined && isThenable(answer)) {
          pause = 'pending'
          void reduceLater(answer)
          return
        }
        if (state !== call) return stop(0, 'problem')
        finish()
      }
    } catch (error) {
      if (state === idle) throw error
      return stop(0, caught(error))
    }
    stop(0, fault === null ? 'done' : 'problem')
  }
  const combine = (x: unknown, y: unknown): unknown => {
    const before = state
    state = busy
    let value: unknown
    try {
      value = (user.combine as UserFunction)(x, y)
    } catch (error) {
      throw blame('threw', error)
    }
    if (state === busy) state = before
    return value
  }
  /** Called within an emit: what the job does in it is refused as there. */
  const within = (fn: UserFunction) => (value: unknown) => {
    try {
      return fn(value)
    } catch (error) {
      throw blame('threw', error)
    }
  }

  return {
    load: (exported, stage, alias, paramsJson) => {
      params = own.freeze(own.parse(paramsJson))
      const functions = graph.functionsOf(exported, stage, alias, params)
      if (functions === null) return false
      user = functions
      return true
    },
    begin: (begunJson, maySkip) => {
      const begun = own.parse(begunJson) as Begun
      tentative = maySkip
      phase.running = true
      mapping = begun.call === 'map'
      if (begun.call === 'map') shard = begun.shard === null ? null : own.freeze(begun.shard)
      else aliases = begun.aliases
      side = lookUps(outside, lookUp, begun.sides)
      tick()
      context = makeContext()
    },
    map,
    reduce,
    combine,
    by: () => (user.by === null ? null : within(user.by)),
    sortValues: () => (user.sortValues === null ? null : within(user.sortValues)),
    has: (name) => user[name] !== null,
    pause: () => pause,
    at: () => at,
    reason: () => reason,
    undo: () => {
      counters.undo()
      emitted = false
      state = idle
      if (asynchronous) {
        generation++
        context = makeContext()
      }
    },
    problem: () => (fault === null ? '' : describe(fault.error, fault.kind)),
    fault: () => fault?.error,
    describe: (error) => describe(error, 'threw'),
    counters: () => counters.totals(),
  }
}
