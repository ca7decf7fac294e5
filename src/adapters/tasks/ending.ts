import { ShoalError } from '../../core/errors.ts'
import { errorToJson } from '../../words/thrown.ts'
import type { Bytes, Millis } from '../../core/types.ts'
import { inputOf } from '../../task/protocol.ts'
import type { AttemptFailure } from '../../ports.ts'
import type { Work } from '../../core/plan/work.ts'

/** The job's name is part of each message: the reader may run several. */
export function outOfMemory(job: string, memory: Bytes, resident: Bytes | null): AttemptFailure {
  const mb = (bytes: Bytes): string => `${Math.round(bytes / 1e6)} MB`
  const why = resident === null ? 'its JavaScript heap was full' : `it had grown to ${mb(resident)}`
  const error = new ShoalError('TASK_MEMORY', `${job}: a task needed more than its ${mb(memory)} of memory`, {
    why,
    try: [
      '--task-memory SIZE with more (and node --memory)',
      'add a combine, or keep less in module variables and reduce',
    ],
  })
  return { blame: 'user', error: errorToJson(error), place: '' }
}

/** `records`: as many as it has told of; it cannot tell while user code goes round in circles. */
export function outOfTime(job: string, timeoutMs: Millis, records: number, work: Work): AttemptFailure {
  const before = records === 0 ? 'near the beginning of' : `behind at least ${records} records of`
  const error = new ShoalError(
    'TASK_TIMEOUT',
    `${job}: user code ran for ${timeoutMs / 1000} s without finishing a record or taking a value`,
    {
      why: `${before} ${inputOf(work)}; this looks like an endless loop`,
      try: ['--task-timeout D with more, if a single record needs so long'],
    },
  )
  return { blame: 'user', error: errorToJson(error), place: '' }
}

export function killed(why: string): AttemptFailure {
  return { blame: 'own', error: errorToJson(new ShoalError('CANCELLED', `the attempt was stopped: ${why}`)), place: '' }
}

/** Signals by which V8 and the machine end a process for what it does; others come from outside. */
const CRASHES: ReadonlySet<string> = new Set(['SIGABRT', 'SIGSEGV', 'SIGILL', 'SIGTRAP', 'SIGBUS', 'SIGFPE'])

/** A process that ended while it worked, without having been told to. */
export function endedItself(
  job: string,
  memory: Bytes,
  exit: { code: number | null; signal: NodeJS.Signals | null; stderr: string },
): AttemptFailure {
  const { code, signal, stderr } = exit
  if (/heap out of memory|Allocation failed|Array buffer allocation failed|out of memory/i.test(stderr))
    return outOfMemory(job, memory, null)
  const how = signal === null ? (code === null ? 'it could not be started' : `exit code ${code}`) : `signal ${signal}`
  const why = [how, ...stderr.trim().split('\n').slice(-5)].filter((line) => line !== '').join('\n')
  const outside = code === null && (signal === null || !CRASHES.has(signal))
  // What the runner itself found broken is a bug in Shoal.
  const kind = outside ? 'NODE_SETUP' : code === 70 ? 'INTERNAL' : 'JOB_EXITED'
  const error = new ShoalError(kind, `${job}: the task process ended by itself`, { why })
  return { blame: outside || code === 70 ? 'own' : 'user', error: errorToJson(error), place: '' }
}
