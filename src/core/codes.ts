/**
 * Every error code: its exit code, and whether a retry of the same command can help.
 * Codes are a contract: they are added, never renamed.
 */
export interface CodeFacts {
  readonly exit: number
  readonly retryable: boolean
}

export type Code =
  | 'JOB_BUILD'
  | 'JOB_IMPORT'
  | 'JOB_THREW'
  | 'JOB_EXITED'
  | 'TASK_TIMEOUT'
  | 'TASK_MEMORY'
  | 'SIDE_LIMIT'
  | 'TASK_POISON'
  | 'USER_VALUE'
  | 'RECORD_LIMIT'
  | 'BAD_RECORD'
  | 'DAMAGED'
  | 'SHARD_CHANGED'
  | 'CONFLICT'
  | 'DISPUTED'
  | 'KEY_CONFLICT'
  | 'OUTPUT'
  | 'SQL'
  | 'JOB_FAILED'
  | 'NODE_SETUP'
  | 'USAGE'
  | 'CONFIG'
  | 'NO_JOB_FILE'
  | 'NO_DATA'
  | 'FILE_KIND'
  | 'DATA_DIR'
  | 'PARTITIONS'
  | 'LIMIT'
  | 'DATASET_MODE'
  | 'REPLICA_DIVERGED'
  | 'TABLE_FORMAT'
  | 'SCHEMA_DIFFERS'
  | 'SAME_MOUNT'
  | 'OUTPUT_EXISTS'
  | 'TICKET'
  | 'HOME_IN_USE'
  | 'HOME_OTHER_MESH'
  | 'PORT_IN_USE'
  | 'NO_SUCH_JOB'
  | 'AMBIGUOUS_ID'
  | 'NO_SUCH_NODE'
  | 'MEMORY_SETTING'
  | 'INCOMPLETE'
  | 'RESULT_LOST'
  | 'NO_NODE'
  | 'NOT_READY'
  | 'TIMEOUT'
  | 'NOT_ADMITTED'
  | 'IDENTITY_TWICE'
  | 'VERSION'
  | 'CANCELLED'
  | 'INTERNAL'

const of = (exit: number, retryable: boolean): CodeFacts => ({ exit, retryable })

export const CODES: Readonly<Record<Code, CodeFacts>> = {
  // 1: the job failed, or its answer cannot be written
  JOB_BUILD: of(1, false),
  JOB_IMPORT: of(1, false),
  JOB_THREW: of(1, false),
  JOB_EXITED: of(1, false),
  TASK_TIMEOUT: of(1, false),
  TASK_MEMORY: of(1, false),
  SIDE_LIMIT: of(1, false),
  TASK_POISON: of(1, false),
  USER_VALUE: of(1, false),
  RECORD_LIMIT: of(1, false),
  BAD_RECORD: of(1, false),
  DAMAGED: of(1, false),
  SHARD_CHANGED: of(1, false),
  CONFLICT: of(1, false),
  DISPUTED: of(1, false),
  KEY_CONFLICT: of(1, false),
  OUTPUT: of(1, true),
  SQL: of(1, false),
  JOB_FAILED: of(1, false),
  NODE_SETUP: of(1, false),
  // 2: usage
  USAGE: of(2, false),
  CONFIG: of(2, false),
  NO_JOB_FILE: of(2, false),
  NO_DATA: of(2, false),
  FILE_KIND: of(2, false),
  DATA_DIR: of(2, false),
  PARTITIONS: of(2, false),
  LIMIT: of(2, false),
  DATASET_MODE: of(2, false),
  REPLICA_DIVERGED: of(2, false),
  TABLE_FORMAT: of(2, false),
  SCHEMA_DIFFERS: of(2, false),
  SAME_MOUNT: of(2, false),
  OUTPUT_EXISTS: of(2, false),
  TICKET: of(2, false),
  HOME_IN_USE: of(2, false),
  HOME_OTHER_MESH: of(2, false),
  PORT_IN_USE: of(2, false),
  NO_SUCH_JOB: of(2, false),
  AMBIGUOUS_ID: of(2, false),
  NO_SUCH_NODE: of(2, false),
  MEMORY_SETTING: of(2, false),
  // 3
  INCOMPLETE: of(3, true),
  RESULT_LOST: of(3, true),
  // 4
  NO_NODE: of(4, true),
  NOT_READY: of(4, true),
  // 5
  TIMEOUT: of(5, true),
  // 6
  NOT_ADMITTED: of(6, false),
  IDENTITY_TWICE: of(6, false),
  // 7
  VERSION: of(7, false),
  // 8
  CANCELLED: of(8, false),
  // 70
  INTERNAL: of(70, false),
}
