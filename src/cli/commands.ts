import type { Command, Group } from './command.ts'
import { FLAGS_OF } from './flags.ts'

/** Words that only group commands. */
export const GROUPS: readonly Group[] = [
  { path: 'job', summary: 'one job: show, why, events, logs, result, receipt, cancel, retry, rm' },
]

/** Every command, in the order in which the help lists them. */
export const COMMANDS: readonly Command[] = [
  {
    path: 'node',
    args: '',
    summary: 'start a node here, in the foreground; Ctrl-C drains it, twice ends it now',
    flags: FLAGS_OF.node,
    load: async () => (await import('./commands/node.ts')).runNode,
  },
  {
    path: 'run',
    args: '<job>',
    summary: 'run a job file on the mesh and give its result',
    flags: FLAGS_OF.run,
    load: async () => (await import('./commands/run.ts')).run,
  },
  {
    path: 'status',
    args: '',
    summary: 'the node here: is it ready, whom does it know, what does it offer',
    flags: [],
    load: async () => (await import('./commands/status.ts')).status,
  },
]
