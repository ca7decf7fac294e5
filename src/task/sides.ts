import { ShoalError } from '../core/errors.ts'
import type { SideWork } from '../core/plan/work.ts'
import type { Bytes, MapManifest } from '../core/types.ts'
import { SideTable, sideTableBytes } from '../data/side-table.ts'
import type { ValueFactory } from '../data/value.ts'
import type { TaskContext } from './context.ts'
import { hostFailure, shownKey, TaskFailure } from './failure.ts'
import type { Side } from './inside/driver.ts'
import { type Calls, MARKS } from './user-code.ts'

/** The tables of a task, in the order of its sides. */
export interface Sides {
  readonly named: readonly Side[]
  readonly tables: readonly SideTable[]
  /** What they take. */
  readonly bytes: Bytes
}

/**
 * Reads the tables of a task, once for all its splits. @throws TaskFailure SIDE_LIMIT where they take more than they
 * may; JOB_THREW where a key that is to be unique is not
 */
export function openSides(context: TaskContext, works: readonly SideWork[]): Sides {
  const { reporter, sides: most } = context
  const bytes = works.reduce((sum, side) => sum + sideTableBytes(side), 0)
  if (bytes > most) throw new TaskFailure('user', tooLarge(works, bytes, most))
  const tables = works.map((side) => {
    reporter.enter('own')
    const table = openSide(context, side)
    const double = side.unique ? table.firstDouble() : undefined
    if (double !== undefined) throw new TaskFailure('user', notUnique(side, double.key))
    reporter.moved(side.bytes)
    return table
  })
  const named = works.map(({ alias, unique }) => ({ alias, unique }))
  return { named, tables, bytes }
}

/** What a manifest says of them: how many records each has. */
export function tookOfSides({ tables }: Sides): Pick<MapManifest, 'sides'> {
  return tables.length === 0 ? {} : { sides: tables.map(({ records }) => records) }
}

/** What user code calls to look up in them; `make` makes values in its realm. */
export function sideCalls(
  { tables }: Sides,
  make: () => ValueFactory,
): Pick<Calls, 'find' | 'found' | 'sideKey' | 'sideValue'> {
  let found = 0
  return {
    find: (side, key) => {
      const table = tables[side]!
      const first = table.find(key)
      found = table.count
      return first
    },
    found: () => found,
    sideKey: (side, record) => {
      const table = tables[side]!
      return record < table.records ? table.key(record, make()) : MARKS.end
    },
    sideValue: (side, record) => tables[side]!.value(record, make()),
  }
}

function openSide(context: TaskContext, { file, name, digest, bytes, records }: SideWork): SideTable {
  try {
    return new SideTable(context.input(file), name, { digest, bytes, records })
  } catch (error) {
    throw hostFailure(error, 'own', name)
  }
}

function tooLarge(sides: readonly SideWork[], taken: number, most: number): ShoalError {
  const [largest] = [...sides].sort((a, b) => sideTableBytes(b) - sideTableBytes(a))
  const inMiB = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`
  const { alias, records } = largest!
  return new ShoalError('SIDE_LIMIT', `the table of side "${alias}" has ${records} records, too many to look up in`, {
    why: `all sides of a task take ${inMiB(taken)}, and may take a quarter of its memory, ${inMiB(most)}`,
    try: [`--task-memory ${Math.ceil((4 * taken) / 1024 / 1024)}MiB`, 'cogroup, which joins stages of any size'],
  })
}

function notUnique({ alias }: SideWork, key: unknown): ShoalError {
  return new ShoalError('JOB_THREW', `side "${alias}" has several records for the key ${shownKey(key)}`, {
    why: 'it is declared unique',
    try: [`leave unique out: then get gives a list`, 'a reduce in that stage, which leaves one record a key'],
  })
}
