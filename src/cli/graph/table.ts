import type { Flow, GraphAnswer, StepState } from '../../control/api.ts'
import type { Column } from '../table.ts'
import { bytesText, countText, plural } from '../units.ts'
import { outputText, sourceText } from './words.ts'

/** One edge a line; a step's name and tasks stand beside its first, a stage's name beside its first step. */
export interface GraphRow {
  readonly stage: string
  readonly step: string
  readonly tasks: string
  readonly reads: string
  readonly how: string
  readonly records: string
  readonly bytes: string
}

export const GRAPH_COLUMNS: readonly Column<GraphRow>[] = [
  { title: 'STAGE', flexible: true, cell: (row) => row.stage },
  { title: 'STEP', flexible: true, cell: (row) => row.step },
  { title: 'TASKS', right: true, cell: (row) => row.tasks },
  { title: 'READS', flexible: true, cell: (row) => row.reads },
  { title: 'HOW', cell: (row) => row.how },
  { title: 'RECORDS', right: true, cell: (row) => row.records },
  { title: 'DATA', right: true, cell: (row) => row.bytes },
]

/** Records and bytes are those that have gone over the edge; where they are not known nothing stands. */
export function graphRows({ stages }: GraphAnswer): GraphRow[] {
  return stages.flatMap(({ stage, steps }) =>
    steps.flatMap((step, i) =>
      step.reads.map((read, j) => ({
        stage: i === 0 && j === 0 ? stage : '',
        step: j === 0 ? step.step : '',
        tasks: j === 0 ? tasksText(step) : '',
        reads: sourceText(read, stage),
        how: read.how,
        ...amounts(read),
      })),
    ),
  )
}

/** Done, of all; and those that run, where some do. */
export function tasksText({ done, tasks, running }: StepState): string {
  const of = `${countText(done)}/${countText(tasks)}`
  return running === 0 ? of : `${of}, ${countText(running)} ${running === 1 ? 'runs' : 'run'}`
}

function amounts({ went }: Flow): Pick<GraphRow, 'records' | 'bytes'> {
  return {
    records: went.records === null ? '' : countText(went.records),
    bytes: went.bytes === null ? '' : bytesText(went.bytes),
  }
}

/** `totals gives the result: 2/2 parts, 4 records, 45 B`. */
export function outputLines({ stages, name }: GraphAnswer): string[] {
  return stages.flatMap(({ stage, steps }) =>
    steps.flatMap((step) =>
      step.output === null ? [] : `${stage === '' ? name : stage} gives ${outputText(step.output)}: ${gaveText(step)}`,
    ),
  )
}

export function gaveText({ done, tasks, gave, bytes }: StepState): string {
  const records = gave === null ? [] : [plural(gave, 'record')]
  return [
    `${countText(done)}/${plural(tasks, 'part')}`,
    ...records,
    ...(bytes === null ? [] : [bytesText(bytes)]),
  ].join(', ')
}
