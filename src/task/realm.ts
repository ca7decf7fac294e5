/**
 * A fresh world for user code: its own intrinsics, none of Node's, and what Shoal hands in made inside it. Made anew
 * for each split and each reduce partition, so that no state of a job's module outlives them.
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
import { intrinsics } from './inside/intrinsics.ts'
import { randomStream } from './inside/random.ts'
import { shape } from './inside/shape.ts'
import { tame } from './inside/tame.ts'
import { urls } from './inside/url.ts'
import { values } from './inside/values.ts'
import { web, type WebHost } from './inside/web.ts'

/** The name under which the bundle's code shows in stacks. */
export const JOB_SCRIPT = 'job.js'
/** The global that the bundle assigns its exports to. */
export const JOB_GLOBAL = '__shoal_job'

interface Inside {
  readonly rows: RowFactory
  readonly values: ValueFactory
  readonly driver: Driver
  readonly shape: (exported: unknown) => string
}
type MakeInside = (web: WebHost, outside: Outside, marks: Marks) => Inside

const PRELUDE = new vm.Script(
  `(function (host, outside, marks) {
'use strict'
const own = (${intrinsics})()
const phase = { running: false }
;(${tame})(own, phase)
;(${web})(own, host)
;(${urls})(own, host)
;(${clone})(own)
return {
  rows: (${makeRows})(),
  values: (${values})(own),
  shape: (${shape})(own),
  driver: (${drive})(own, phase, outside, marks, {
    counters: (${counterBook})(own),
    describe: (${describer})(own),
    random: (${randomStream})(own),
  }),
}
})`,
  { filename: 'shoal:realm' },
)

export interface Realm extends Inside {
  /** Evaluates the bundle; what it throws is the realm's: pass it to `driver.describe`, do not look into it. */
  run(script: vm.Script, timeoutMs?: Millis): unknown
}

export function makeRealm(host: WebHost, outside: Outside, marks: Marks): Realm {
  const global = vm.createContext(vm.constants.DONT_CONTEXTIFY)
  const options = { displayErrors: false }
  const make = PRELUDE.runInContext(global, options) as MakeInside
  const inside = make(host, outside, marks)
  return {
    ...inside,
    run: (script, timeout) =>
      script.runInContext(global, timeout === undefined ? options : { ...options, timeout }) as unknown,
  }
}

/** Compiles a bundle once for many realms. @throws SyntaxError of this realm. */
export function compileJob(bundle: string): vm.Script {
  return new vm.Script(`${bundle}\n;${JOB_GLOBAL}`, { filename: JOB_SCRIPT })
}
