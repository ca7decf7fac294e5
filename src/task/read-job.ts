import { ShoalError } from '../core/errors.ts'
import type { JobShape } from './graph-shape.ts'
import { checkShape, type FoundJob } from './job-shape.ts'
import { compileJob, makeRealm } from './realm.ts'
import { placesOf, placeText, sourceLine } from './stack.ts'
import { titleOf } from './user-error.ts'
import type { Problem } from './inside/driver.ts'
import { makeWebHost } from './web-host.ts'

export interface JobCode {
  readonly code: string
  readonly sourceMap: string
  /** The job's name unless it gives one. */
  readonly name: string
  /** For a job whose stages depend on them. */
  readonly params: Readonly<Record<string, string>>
}

/** Loading takes milliseconds: a module that takes this long never ends. */
const LOAD_TIMEOUT_MS = 5_000

/**
 * Loads a bundle in a realm, runs nothing of it but its module, and a job's function of its parameters, and reads what job
 * it declares. They take a few seconds at most.
 * @throws ShoalError JOB_THREW, JOB_BUILD, PARTITIONS.
 */
export function readJob({ code, sourceMap, name, params }: JobCode): JobShape {
  const nothing = {
    emit: () => false,
    failure: () => '',
    mark: () => undefined,
    commit: () => undefined,
    seed: () => '0'.repeat(32),
    group: () => false,
    key: () => null,
    value: () => null,
    find: () => -1,
    found: () => 0,
    sideKey: () => null,
    sideValue: () => null,
    tick: () => 1,
    settled: () => undefined,
  }
  const realm = makeRealm(
    makeWebHost(() => undefined),
    nothing,
    { bad: Symbol('bad'), end: Symbol('end'), failed: Symbol('failed') },
  )
  const scripts = compileJob(code)
  const started = performance.now()
  let shape: string
  try {
    const exported = realm.run(scripts, LOAD_TIMEOUT_MS)
    shape = realm.shape(exported, JSON.stringify(params), LOAD_TIMEOUT_MS)
  } catch (error) {
    if (performance.now() - started >= LOAD_TIMEOUT_MS) {
      throw new ShoalError('JOB_THREW', `the job's module did not finish loading within ${LOAD_TIMEOUT_MS / 1000} s`)
    }
    throw loadError(JSON.parse(realm.driver.describe(error)) as Problem, sourceMap)
  }
  const found = JSON.parse(shape) as FoundJob
  const declared = checkShape(found, name)
  // Its stages are those of these parameters, and of no others.
  return found.called === true ? { ...declared, params } : declared
}

/** What the module threw while it was loaded. */
export function loadError(problem: Problem, sourceMap: string | null): ShoalError {
  const places = placesOf(problem.stack, sourceMap)
  const place = placeText(places)
  const line = places[0] === undefined ? null : sourceLine(sourceMap, places[0])
  return new ShoalError(
    'JOB_THREW',
    `${place === '' ? '' : `${place}: `}the job threw while it was loaded: ${titleOf(problem)}`,
    {
      why: line === null ? undefined : line.trim(),
    },
  )
}
