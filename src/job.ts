/**
 * `shoal/job`: what a job module imports. It has no dependency beside what is in `job/`, and is bundled into the job.
 */
export type { Counter, MapContext, PairContext, ReduceContext, Row, Side, UniqueSide, Value } from './job/context.ts'
export type { FolderName } from './job/folder-name.ts'
export type { Input, InputOptions } from './job/input.ts'
export { decimalComma, toCents, toFixedPoint } from './job/numbers.ts'
export { cogroup, kv, type Kv, rows, type Rows, stage, type Stage, unique, type Unique } from './job/stage.ts'
export { toDate, toISO, type TimeUnit } from './job/times.ts'
export {
  defineJob,
  type Job,
  type MapFunction,
  type MultiInputJob,
  type SingleInputJob,
  type StagedJob,
} from './job/define.ts'
