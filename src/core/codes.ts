/**
 * Every error code: its exit code, whether a retry of the same command can help, and what `shoal help CODE` says.
 * Codes are a contract: they are added, never renamed.
 */
export interface CodeFacts {
  readonly exit: number
  readonly retryable: boolean
  readonly help: string
}

export type Code =
  | 'JOB_BUILD'
  | 'JOB_IMPORT'
  | 'JOB_THREW'
  | 'JOB_EXITED'
  | 'TASK_TIMEOUT'
  | 'TASK_MEMORY'
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

const of = (exit: number, retryable: boolean, help: string): CodeFacts => ({ exit, retryable, help })

export const CODES: Readonly<Record<Code, CodeFacts>> = {
  // 1: the job failed, or its answer cannot be written
  JOB_BUILD: of(
    1,
    false,
    'The job file does not compile, or it is not a job: it must `export default defineJob({…})`. Errors name file, line and column.',
  ),
  JOB_IMPORT: of(
    1,
    false,
    'The job imports something that a job cannot have (files, sockets, child processes, other Node modules). A job sees only its records: pass values with --param, read data as an input.',
  ),
  JOB_THREW: of(
    1,
    false,
    'User code threw. The error names the TypeScript file and line, and the record it was working on as dataset/path:line. Fix the code, or guard with ctx.skip(reason) if such records are to be counted and left out.',
  ),
  JOB_EXITED: of(
    1,
    false,
    'A task process ended by itself while it ran user code. The node went on; the task was tried again and ended the same way.',
  ),
  TASK_TIMEOUT: of(
    1,
    false,
    'User code ran longer than --task-timeout without finishing a record or taking a value: usually an endless loop.',
  ),
  TASK_MEMORY: of(
    1,
    false,
    'A task process grew past its memory limit. Give more with --task-memory (and node --memory), add a combine, or keep less in memory.',
  ),
  TASK_POISON: of(
    1,
    false,
    'Nodes died one after the other while they ran this task, at last alone. It is not tried again: find out what the task does to a machine, then `shoal job retry`.',
  ),
  USER_VALUE: of(
    1,
    false,
    'A key or value that has no form in a record: undefined, a function, a symbol, a class instance, an invalid Date, a string with an unpaired surrogate. Emit plain data.',
  ),
  RECORD_LIMIT: of(1, false, 'A record, value or key is larger than the limit (record and value 32 MiB, key 64 KiB).'),
  BAD_RECORD: of(
    1,
    false,
    'A record cannot be decoded as its format says. Repair the file, give the right options, or set onBadRecord: "skip" to count and leave out such records.',
  ),
  DAMAGED: of(
    1,
    false,
    'A compressed or Parquet file is damaged: truncated, wrong magic, bad checksum, or followed by bytes that do not belong to it. Such a file always fails the job.',
  ),
  SHARD_CHANGED: of(
    1,
    false,
    'A file changed, vanished or became unreadable after the job was pinned to it. Submit again, over files that no longer change (for logs: the rotated ones).',
  ),
  CONFLICT: of(
    1,
    false,
    'Two executions of one task gave different output for the same input. The code is not deterministic, or a machine is faulty: no result is given. The error names both hashes and the nodes.',
  ),
  DISPUTED: of(
    1,
    false,
    'Two different results were sealed for one job, or a conflict was learned after the seal. Neither counts. `shoal job show` has both hashes.',
  ),
  KEY_CONFLICT: of(
    1,
    false,
    'Two snapshots were pinned under one --key at the same time. Neither result counts; use another key.',
  ),
  OUTPUT: of(
    1,
    true,
    'The output cannot be written. No partial file was left. The result is kept on the mesh: fetch it again with `shoal job result ID -o PATH`.',
  ),
  SQL: of(1, false, 'The SQL text is wrong, or uses what Shoal does not offer.'),
  JOB_FAILED: of(1, false, 'The job failed. `shoal job why ID` says at which task and why.'),
  NODE_SETUP: of(1, false, 'The node cannot work with its home folder or its disk.'),
  // 2: usage
  USAGE: of(2, false, 'The command line is wrong. `shoal help` lists commands and flags.'),
  CONFIG: of(2, false, 'A setting in the environment or in shoal.config.ts is wrong.'),
  NO_JOB_FILE: of(2, false, 'There is no such job file.'),
  NO_DATA: of(
    2,
    false,
    'No node offers a dataset of that name, or no file in it matches. `shoal data ls` shows what there is.',
  ),
  FILE_KIND: of(
    2,
    false,
    'A file is not what can be read here, or not what its name, its options or its folder say. The error names the file, what it looks like, and what to do. It is seen at submission, as a rule, and then no job was made.',
  ),
  DATA_DIR: of(2, false, 'The directory given to --data cannot be offered.'),
  PARTITIONS: of(2, false, '--partitions takes a whole number from 1 to 4096.'),
  LIMIT: of(2, false, 'The job is larger than a limit of Shoal. The error names the limit and a remedy.'),
  DATASET_MODE: of(
    2,
    false,
    'Some nodes offer this dataset as replicated and some as their own. All must say the same.',
  ),
  REPLICA_DIVERGED: of(
    2,
    false,
    'Copies of one file of a replicated dataset differ between nodes. Make them equal, or offer them as own.',
  ),
  TABLE_FORMAT: of(
    2,
    false,
    'A folder is a table of Delta Lake, Apache Iceberg or Apache Hudi: which of its files are the table only its log says, so reading all of them would give wrong rows. Write the table out as plain Parquet, or take a glob that leaves the folder out.',
  ),
  SCHEMA_DIFFERS: of(
    2,
    false,
    'Two Parquet files that one input takes have a column of one name with types that cannot meet: text and numbers, decimals of two scales, local times and instants. The error names both files and both types. Integers of 32 and of 64 bits, float and double, units of time, and columns that some files lack are read together. Name the columns to read, without that one; or take files of one schema with a glob; or write one of the files again.',
  ),
  SAME_MOUNT: of(
    2,
    false,
    'Two nodes offer the same files, as their own, under one name: one network mount, or one directory, seen from both. Each file would count twice. Say ,replicated on both, or give one of them another name.',
  ),
  OUTPUT_EXISTS: of(2, false, 'The output folder is not empty. Give another one, or --overwrite.'),
  TICKET: of(2, false, 'What was given to --join is neither a ticket nor a multiaddr.'),
  HOME_IN_USE: of(2, false, 'Another node runs on this home folder.'),
  HOME_OTHER_MESH: of(2, false, 'This home folder belongs to another mesh than the ticket. Use another --home.'),
  PORT_IN_USE: of(2, false, 'The port is taken. Give another one with --listen, or port 0 for a free one.'),
  NO_SUCH_JOB: of(2, false, 'No job has this id, or a job of this id was dropped after its retention time.'),
  AMBIGUOUS_ID: of(2, false, 'More than one id begins like this: give more digits.'),
  NO_SUCH_NODE: of(2, false, 'No member has this id or name.'),
  MEMORY_SETTING: of(2, false, 'A node needs at least 96 MB of --memory for each slot.'),
  // 3
  INCOMPLETE: of(
    3,
    true,
    'Shards are away, still being scanned, or unreadable; no job was made. Bring them back, wait for them with --wait-for-data, or leave them out with --allow-partial (the result says so).',
  ),
  RESULT_LOST: of(
    3,
    true,
    'All copies of some parts of this result are gone, or on nodes that are away. Start these nodes; or `shoal job retry ID`, or the same `run` again, makes what is lost again over the same snapshot, and gives the same result or says why it cannot. Under a key of which no node that lives knows any more what it was run over, nothing is computed: start the nodes that are away, or use another key.',
  ),
  // 4
  NO_NODE: of(
    4,
    true,
    'No node runs here, or it does not answer. Start one with `shoal node`, name its --home, or use --local --data NAME=DIR.',
  ),
  NOT_READY: of(4, true, 'The node was told to join a mesh and has never met a member of it.'),
  // 5
  TIMEOUT: of(5, true, 'The time to wait is over. The job runs on: `shoal wait ID` waits again.'),
  // 6
  NOT_ADMITTED: of(
    6,
    false,
    'The mesh did not let this node in: the key is missing or wrong. `shoal ticket` on a member prints a ticket with the right key.',
  ),
  IDENTITY_TWICE: of(
    6,
    false,
    'Two machines run with one identity (a copied home folder). Give one of them a new --home.',
  ),
  // 7
  VERSION: of(7, false, 'Two versions of Shoal that cannot talk to each other.'),
  // 8
  CANCELLED: of(8, false, 'The job was cancelled.'),
  // 70
  INTERNAL: of(70, false, 'A bug in Shoal. Please report it with the output of the same command with -v.'),
}
