import type { Intrinsics } from './intrinsics.ts'

/** Whether user code runs (map, combine, reduce), or its module is being loaded. */
export interface Phase {
  running: boolean
}

/**
 * Takes from a realm what would make output depend on the machine: clocks, timers, randomness, shared memory, garbage
 * collection. While the module loads they give constants, so that npm packages load; later they throw, naming the
 * remedy. Without `temporal`, Temporal is taken away: V8 makes it when it is first looked at, which costs as much as the
 * rest of a realm, and code that has no word for it needs none. Self-contained, see `intrinsics`.
 */
export function tame(own: Intrinsics, phase: Phase, temporal: boolean): void {
  const { global, define, hide, Failure } = own
  const clockRemedy = 'pass a time with --param, or take it from the record'
  const randomRemedy = 'use ctx.random(), which is seeded by what the call works on'
  const timerRemedy = 'a job has no timers; await the work itself'

  /** `constant` while the module loads, an error naming the remedy afterwards. */
  const banned = (name: string, remedy: string, constant: unknown): (() => unknown) =>
    function () {
      if (phase.running) throw new Failure(`${name} is not available inside map, combine and reduce: ${remedy}`)
      return constant
    }
  const never = (name: string, remedy: string): (() => unknown) =>
    function () {
      throw new Failure(`${name} is not available in a job: ${remedy}`)
    }

  const clocks = (): void => {
    const { Dates, construct } = own
    const now = banned('the clock', clockRemedy, 0)
    const clock = function Date(this: unknown, ...args: unknown[]): unknown {
      if (!new.target) {
        now()
        return 'Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)'
      }
      return construct(Dates, args.length === 0 ? [now()] : args, new.target)
    }
    define(clock, 'length', 7)
    define(clock, 'parse', Dates.parse)
    define(clock, 'UTC', Dates.UTC)
    define(clock, 'now', banned('Date.now()', clockRemedy, 0))
    ;(clock as { prototype: unknown }).prototype = Dates.prototype
    define(Dates.prototype, 'constructor', clock)
    define(global, 'Date', clock)
    if (!temporal) hide(global, 'Temporal')
    const now_ = (global['Temporal'] as { Now: object } | undefined)?.Now
    const names = now_ === undefined ? [] : own.ownKeys(now_)
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string
      if (typeof name === 'string' && name !== 'timeZoneId')
        define(now_ as object, name, never(`Temporal.Now.${name}()`, clockRemedy))
    }
    const performance = {
      timeOrigin: 0,
      now: banned('performance.now()', clockRemedy, 0),
      mark: () => undefined,
      measure: () => undefined,
      clearMarks: () => undefined,
      clearMeasures: () => undefined,
    }
    define(global, 'performance', performance)
  }

  /** A formatter without a date formats the present time. */
  const formatters = (): void => {
    const prototype = Intl.DateTimeFormat.prototype
    const get = own.descriptor(prototype, 'format')?.get
    const parts = own.descriptor(prototype, 'formatToParts')?.value as unknown
    const now = banned('Intl.DateTimeFormat without a date', clockRemedy, 0)
    own.getter(prototype, 'format', function (this: unknown) {
      const format = own.apply(get, this, [])
      return (date: unknown) => own.apply(format, undefined, [date === undefined ? now() : date])
    })
    define(prototype, 'formatToParts', function (this: unknown, date: unknown) {
      return own.apply(parts, this, [date === undefined ? now() : date])
    })
  }

  const randomness = (): void => {
    define(Math, 'random', banned('Math.random()', randomRemedy, 0.5))
    const crypto = {
      getRandomValues: (view: unknown) => {
        banned('crypto.getRandomValues()', randomRemedy, 0)()
        return view
      },
      randomUUID: banned('crypto.randomUUID()', randomRemedy, '00000000-0000-4000-8000-000000000000'),
    }
    define(global, 'crypto', crypto)
  }

  const timers = (): void => {
    const names = ['setTimeout', 'setInterval', 'setImmediate', 'requestAnimationFrame']
    for (let i = 0; i < names.length; i++) define(global, names[i] as string, banned(`${names[i]}()`, timerRemedy, 0))
    const ends = ['clearTimeout', 'clearInterval', 'clearImmediate']
    for (let i = 0; i < ends.length; i++) define(global, ends[i] as string, () => undefined)
    const { Pledge } = own
    const resolved = Pledge.resolve()
    const then = own.bind(resolved.then, resolved)
    define(global, 'queueMicrotask', (task: () => void) => void then(() => task()))
    const net = ['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource']
    for (let i = 0; i < net.length; i++) {
      define(
        global,
        net[i] as string,
        never(net[i] as string, 'a job sees only its records; offer the data as an input'),
      )
    }
  }

  /** Compiling in the background would let a promise wait for a thread; here it is done when it is asked for. */
  const assembly = (): void => {
    type Make = new (...args: unknown[]) => object
    const wasm = global['WebAssembly'] as { Module: Make; Instance: Make } | undefined
    if (wasm === undefined) return
    const { Module, Instance } = wasm
    hide(wasm, 'compileStreaming')
    hide(wasm, 'instantiateStreaming')
    define(wasm, 'compile', async (bytes: unknown) => new Module(bytes))
    define(wasm, 'instantiate', async (source: unknown, imports: unknown) => {
      const tag = own.tag(source)
      if (tag === '[object WebAssembly.Module]') return new Instance(source, imports)
      const module = new Module(source)
      return { module, instance: new Instance(module, imports) }
    })
  }

  /** Frames of the job alone: those of Shoal would carry paths of this machine into a record. */
  const stacks = (): void => {
    const format = (error: unknown, sites: readonly NodeJS.CallSite[]): string => {
      let text = 'Error'
      try {
        text = own.text(error)
      } catch {
        // an error whose name or message throws is shown without them
      }
      for (let i = 0; i < sites.length; i++) {
        const site = sites[i] as NodeJS.CallSite
        if (site.getFileName() !== 'job.js') continue
        const name = site.getFunctionName()
        const place = `job.js:${site.getLineNumber()}:${site.getColumnNumber()}`
        text += name === null ? `\n    at ${place}` : `\n    at ${name} (${place})`
      }
      return text
    }
    const fixed = { get: () => format, set: () => undefined, enumerable: false, configurable: false }
    Reflect.defineProperty(Failure, 'prepareStackTrace', fixed)
    Reflect.defineProperty(global, 'Error', { value: Failure, writable: false, enumerable: false, configurable: false })
  }

  clocks()
  formatters()
  randomness()
  timers()
  assembly()
  stacks()
  const gone = ['SharedArrayBuffer', 'Atomics', 'WeakRef', 'FinalizationRegistry', 'ShadowRealm', 'gc']
  for (let i = 0; i < gone.length; i++) hide(global, gone[i] as string)
  define(global, 'self', global)
}
