/** Which parts of a result go where: a job has one output, or several by name. */
import type { JobSummary, PreparedJob, ResultChunk } from '../../control/api.ts'
import { ShoalError } from '../../core/errors.ts'
import type { Renderer } from '../../index.ts'
import type { Target } from './target.ts'

/** What is written under one name. */
export interface Section {
  /** Of a folder that is written, the folder within; '' where the job has one output. */
  readonly folder: string
  /** Its parts are first … first + partitions − 1 of the result. */
  readonly first: number
  readonly partitions: number
  /** Its records lie in folders: see `OutputSpec`. */
  readonly folders: boolean
  readonly renderer: Renderer
}

/** Files of one renderer have the same columns, so each output has one of its own. */
export function sectionsOf({ outputs, partitions, folders }: JobSummary, render: () => Renderer): Section[] {
  if (outputs === undefined)
    return [{ folder: '', first: 0, partitions, folders: folders === true, renderer: render() }]
  let first = 0
  return outputs.map(({ output, partitions: own, folders: nested }) => {
    const section = { folder: folderName(output), first, partitions: own, folders: nested === true, renderer: render() }
    first += own
    return section
  })
}

/** A job comes from anybody in the mesh. @throws ShoalError OUTPUT where an output's name is not that of a file beside others */
function folderName(output: string): string {
  if (isFolderName(output)) return output
  throw new ShoalError('OUTPUT', `the output ${JSON.stringify(output)} cannot be written`, {
    why: 'no folder can have its name',
  })
}

export function isFolderName(name: unknown): name is string {
  return typeof name === 'string' && /^[\p{L}\p{N}][\p{L}\p{N}_.-]*$/u.test(name) && name !== 'receipt.json'
}

export function sectionOf(sections: readonly Section[], { partition }: Pick<ResultChunk, 'partition'>): Section {
  const section = sections.findLast(({ first }) => first <= partition)
  if (section === undefined) throw new ShoalError('INTERNAL', `part ${partition} is of no output`)
  return section
}

/** Several outputs go to a folder, each to one within. @throws ShoalError USAGE, before any work is done */
export function refuseOneFile(names: readonly string[], target: Target): void {
  if (names.length < 2 || target.kind === 'folder') return
  const where = target.kind === 'stdout' ? 'stdout' : `-o ${target.given}`
  throw new ShoalError('USAGE', `the job has ${names.length} outputs, and ${where} takes one`, {
    why: `its outputs are ${names.join(', ')}`,
    try: ['-o DIR/   has a folder for each of them'],
  })
}

export function outputNames({ outputs = [] }: Pick<PreparedJob, 'outputs'>): string[] {
  return outputs.map(({ name }) => name)
}
