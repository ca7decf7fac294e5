/**
 * A fresh world for user code: its own intrinsics, none of Node's, and what Shoal hands in made inside it. Made anew
 * for each split and each reduce partition, so that no state of a job's module outlives them; or frozen, for several
 * splits whose code is evaluated anew for each (`SharedRealm`).
 *
 * The rule that keeps it closed: no object of this realm (the host's) is ever reachable for user code, errors included.
 * Functions in `inside/` are evaluated in there as text before any user code; only they hold host functions, in
 * closures, and they let primitives through, and values made in there.
 */
import vm from 'node:vm'
import { makeRows, type RowFactory } from '../data/formats/rows.ts'
import type { Millis } from '../core/types.ts'
import type { ValueFactory } from '../data/value.ts'
import { clone } from './inside/clone.ts'
import { counterBook } from './inside/counter-book.ts'
import { describer } from './inside/describe.ts'
import { drive } from './inside/drive.ts'
import type { Driver, Marks, Outside } from './inside/driver.ts'
import { freezeRealm } from './inside/freeze.ts'
import { intrinsics } from './inside/intrinsics.ts'
import { jobGraph } from './inside/job-graph.ts'
import { lookUps } from './inside/look-ups.ts'
import { randomStream } from './inside/random.ts'
import { shape } from './inside/shape.ts'
import { tame } from './inside/tame.ts'
import { urls } from './inside/url.ts'
import { values } from './inside/values.ts'
import { web, type WebHost } from './inside/web.ts'
import { mayShare } from './may-share.ts'
import { JOB_SCRIPT } from './stack.ts'

/** The global that the bundle assigns its exports to. */
export const JOB_GLOBAL = '__shoal_job'

interface Made {
  readonly rows: RowFactory
  readonly values: ValueFactory
}
interface Inside extends Made {
  /** Makes a new driver: it shares no job, counters or random numbers with those made before. */
  readonly drive: (outside: Outside) => Driver
  readonly freeze: () => void
  /** Makes a global of that name, whose value is the shape of what was exported; '': takes it away. */
  readonly arm: (name: string, exported: unknown, params: string) => void
}
type MakeInside = (web: WebHost, marks: Marks, temporal: boolean) => Inside

const PRELUDE = new vm.Script(
  `(function (host, marks, temporal) {
'use strict'
const own = (${intrinsics})()
const phase = { running: false }
const graph = (${jobGraph})(own)
const shapeOf = (${shape})(own, graph)
let armed = ''
;(${tame})(own, phase, temporal)
;(${web})(own, host)
;(${urls})(own, host)
;(${clone})(own)
return {
  rows: (${makeRows})(),
  values: (${values})(own),
  drive: (outside) => {
    phase.running = false
    return (${drive})(own, phase, outside, marks, {
      counters: (${counterBook})(own),
      describe: (${describer})(own),
      graph,
      lookUps: (outside, ask, sides) => (${lookUps})(own, marks, outside, ask, sides),
      random: (${randomStream})(own),
    })
  },
  freeze: () => (${freezeRealm})(own),
  arm: (name, exported, params) => {
    if (name === '') own.hide(own.global, armed)
    else own.getter(own.global, armed = name, () => shapeOf(exported, params))
  },
}
})`,
  { filename: 'shoal:realm' },
)
const QUIET = { displayErrors: false }
const SHAPE_GLOBAL = '__shoal_shape'
const SHAPE_SCRIPT = new vm.Script(SHAPE_GLOBAL, { filename: 'shoal:shape' })

export interface Realm extends Made {
  readonly driver: Driver
  /** Evaluates the bundle; what it throws is the realm's: pass it to `driver.describe`, do not look into it. */
  run(code: JobScripts, timeoutMs?: Millis): unknown
}

/** A realm that is there to read what a job declares. */
export interface ReadingRealm extends Realm {
  /** See `Shape`. It may run a job's function of its parameters, and getters: within the limit. */
  shape(exported: unknown, params: string, timeoutMs: Millis): string
}

export function makeRealm(host: WebHost, outside: Outside, marks: Marks, temporal = true): ReadingRealm {
  const { global, inside } = openRealm(host, marks, temporal)
  return {
    ...inside,
    driver: inside.drive(outside),
    run: ({ script }, timeout) => runIn(global, script, timeout),
    shape: (exported, params, timeout) => {
      // Only what a script evaluates can be limited; so it evaluates a global, whose getter does the work.
      inside.arm(SHAPE_GLOBAL, exported, params)
      try {
        return runIn(global, SHAPE_SCRIPT, timeout) as string
      } finally {
        inside.arm('', null, '')
      }
    },
  }
}

/**
 * A realm in which nothing can be changed that its code has not made: for one split after the other, whose code is
 * evaluated anew for each, and driven by a driver of its own. So there is no place in which state could outlive a split.
 * Code that tries to change the realm meets an error that it would not meet in one of its own: see `may-share.ts`.
 */
export class SharedRealm {
  readonly #inside: Inside
  readonly #evaluate: () => unknown

  constructor(host: WebHost, marks: Marks, module: vm.Script) {
    // Code out of strings is forbidden: it need not be strict, so it could try to change something without an error.
    const { global, inside } = openRealm(host, marks, true, { strings: false, wasm: false })
    inside.freeze()
    this.#inside = inside
    this.#evaluate = runIn(global, module) as () => unknown
  }

  /** For the next split. */
  next(outside: Outside): Realm {
    return { ...this.#inside, driver: this.#inside.drive(outside), run: this.#evaluate }
  }
}

function openRealm(
  host: WebHost,
  marks: Marks,
  temporal: boolean,
  codeGeneration?: vm.CreateContextOptions['codeGeneration'],
): { global: vm.Context; inside: Inside } {
  const global = vm.createContext(vm.constants.DONT_CONTEXTIFY, { codeGeneration })
  const make = PRELUDE.runInContext(global, QUIET) as MakeInside
  return { global, inside: make(host, marks, temporal) }
}

function runIn(global: vm.Context, script: vm.Script, timeout?: Millis): unknown {
  return script.runInContext(global, timeout === undefined ? QUIET : { ...QUIET, timeout }) as unknown
}

/** A bundle, compiled once for many realms. */
export interface JobScripts {
  /** Evaluates it. */
  readonly script: vm.Script
  /** Gives a function that evaluates it; null where several splits must not share a realm. */
  readonly module: vm.Script | null
}

/** @throws SyntaxError of this realm. */
export function compileJob(bundle: string): JobScripts {
  const script = new vm.Script(`${bundle}\n;${JOB_GLOBAL}`, { filename: JOB_SCRIPT })
  if (!mayShare(bundle)) return { script, module: null }
  // `lineOffset` makes up for the line before the bundle, so that places in stacks stay those of the bundle.
  // It is an arrow function because the bundle as a script has no `arguments`, and must not find any here.
  const text = `(() => {\n${bundle}\n;return ${JOB_GLOBAL}})`
  return { script, module: new vm.Script(text, { filename: JOB_SCRIPT, lineOffset: -1 }) }
}
