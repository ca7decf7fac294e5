import type { Code } from '../core/codes.ts'

/** What `shoal help CODE` says. */
export const HELP: Readonly<Record<Code, string>> = {
  JOB_BUILD:
    'The job file does not compile, or it is not a job: it must `export default defineJob({…})`. Errors name file, line and column.',
  JOB_IMPORT:
    'The job imports something that a job cannot have (files, sockets, child processes, other Node modules). A job sees only its records: pass values with --param, read data as an input.',
  JOB_THREW:
    'User code threw. The error names the TypeScript file and line, and the record it was working on as dataset/path:line. Fix the code, or guard with ctx.skip(reason) if such records are to be counted and left out.',
  JOB_EXITED:
    'A task process ended by itself while it ran user code. The node went on; the task was tried again and ended the same way.',
  TASK_TIMEOUT:
    'User code ran longer than --task-timeout without finishing a record or taking a value: usually an endless loop.',
  TASK_MEMORY:
    'A task process grew past its memory limit. Give more with --task-memory (and node --memory), add a combine, or keep less in memory.',
  TASK_POISON:
    'Nodes died one after the other while they ran this task, at last alone. It is not tried again: find out what the task does to a machine, then `shoal job retry`.',
  USER_VALUE:
    'A key or value that has no form in a record: undefined, a function, a symbol, a class instance, an invalid Date, a string with an unpaired surrogate. Emit plain data.',
  SIDE_LIMIT:
    "The tables of a stage's sides take more than a quarter of a task's memory. Raise --task-memory (and node --memory), look up in less, or join with cogroup, which takes stages of any size.",
  RECORD_LIMIT: 'A record, value or key is larger than the limit (record and value 32 MiB, key 64 KiB).',
  BAD_RECORD:
    'A record cannot be decoded as its format says. Repair the file, give the right options, or set onBadRecord: "skip" to count and leave out such records.',
  DAMAGED:
    'A compressed or Parquet file is damaged: truncated, wrong magic, bad checksum, or followed by bytes that do not belong to it. Such a file always fails the job.',
  SHARD_CHANGED:
    'A file changed, vanished or became unreadable after the job was pinned to it. Submit again, over files that no longer change (for logs: the rotated ones).',
  CONFLICT:
    'Two executions of one task gave different output for the same input. The code is not deterministic, or a machine is faulty: no result is given. The error names both hashes and the nodes.',
  DISPUTED:
    'Two different results were sealed for one job, or a conflict was learned after the seal. Neither counts. `shoal job show` has both hashes.',
  KEY_CONFLICT:
    'Two snapshots, or one job as two versions bundle it, were pinned under one --key at the same time, or versions of before gave it two results. Neither counts; use another key.',
  OUTPUT:
    'The output cannot be written. No partial file was left. The result is kept on the mesh: fetch it again with `shoal job result ID -o PATH`.',
  SQL: 'The SQL text is wrong, or uses what Shoal does not offer.',
  JOB_FAILED: 'The job failed. `shoal job why ID` says at which task and why.',
  NODE_SETUP: 'The node cannot work with its home folder or its disk.',
  USAGE: 'The command line is wrong. `shoal help` lists commands and flags.',
  CONFIG: 'A setting in the environment or in shoal.config.ts is wrong.',
  NO_JOB_FILE: 'There is no such job file.',
  NO_DATA: 'No node offers a dataset of that name, or no file in it matches. `shoal data ls` shows what there is.',
  FILE_KIND:
    'A file is not what can be read here, or not what its name, its options or its folder say. The error names the file, what it looks like, and what to do. It is seen at submission, as a rule, and then no job was made.',
  DATA_DIR: 'The directory given to --data cannot be offered.',
  PARTITIONS: '--partitions takes a whole number from 1 to 4096.',
  LIMIT: 'The job is larger than a limit of Shoal. The error names the limit and a remedy.',
  DATASET_MODE: 'Some nodes offer this dataset as replicated and some as their own. All must say the same.',
  REPLICA_DIVERGED:
    'Copies of one file of a replicated dataset differ between nodes. Make them equal, or offer them as own.',
  TABLE_FORMAT:
    'A folder is a table of Delta Lake, Apache Iceberg or Apache Hudi: which of its files are the table only its log says, so reading all of them would give wrong rows. Write the table out as plain Parquet, or take a glob that leaves the folder out.',
  SCHEMA_DIFFERS:
    'Two Parquet files that one input takes have a column of one name with types that cannot meet: text and numbers, decimals of two scales, local times and instants. The error names both files and both types. Integers of 32 and of 64 bits, float and double, units of time, and columns that some files lack are read together. Name the columns to read, without that one; or take files of one schema with a glob; or write one of the files again.',
  SAME_MOUNT:
    'Two nodes offer the same files, as their own, under one name: one network mount, or one directory, seen from both. Each file would count twice. Say ,replicated on both, or give one of them another name.',
  OUTPUT_EXISTS: 'The output folder is not empty. Give another one, or --overwrite.',
  TICKET: 'What was given to --join is neither a ticket nor a multiaddr.',
  HOME_IN_USE: 'Another node runs on this home folder.',
  HOME_OTHER_MESH: 'This home folder belongs to another mesh than the ticket. Use another --home.',
  PORT_IN_USE: 'The port is taken. Give another one with --listen, or port 0 for a free one.',
  NO_SUCH_JOB: 'No job has this id, or a job of this id was dropped after its retention time.',
  AMBIGUOUS_ID: 'More than one id begins like this: give more digits.',
  NO_SUCH_NODE: 'No member has this id or name.',
  MEMORY_SETTING: 'A node needs at least 96 MB of --memory for each slot.',
  INCOMPLETE:
    'Shards are away, still being scanned, or unreadable; no job was made. Bring them back, wait for them with --wait-for-data, or leave them out with --allow-partial (the result says so).',
  RESULT_LOST:
    'All copies of some parts of this result are gone, or on nodes that are away. Start these nodes; or `shoal job retry ID`, or the same `run` again, makes what is lost again over the same snapshot, and gives the same result or says why it cannot. Under a key of which no node that lives knows any more what it was run over, nothing is computed: start the nodes that are away, or use another key.',
  NO_NODE:
    'No node runs here, or it does not answer. Start one with `shoal node`, name its --home, or use --local --data NAME=DIR.',
  NOT_READY: 'The node was told to join a mesh and has never met a member of it.',
  TIMEOUT: 'The time to wait is over. The job runs on: `shoal wait ID` waits again.',
  NOT_ADMITTED:
    'The mesh did not let this node in: the key is missing or wrong. `shoal ticket` on a member prints a ticket with the right key.',
  IDENTITY_TWICE: 'Two machines run with one identity (a copied home folder). Give one of them a new --home.',
  VERSION: 'Two versions of Shoal that cannot talk to each other.',
  CANCELLED: 'The job was cancelled.',
  INTERNAL: 'A bug in Shoal. Please report it with the output of the same command with -v.',
}
