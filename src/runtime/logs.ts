import type { JobId } from '../core/types.ts'
import type { Context } from './context.ts'

export interface TaskLog {
  readonly task: number
  readonly node: string
  readonly text: string
}

/** What the job's tasks wrote to the console on this node, by task; the last attempt of each. */
export async function readLogs({ disk, store, name }: Context, job: JobId): Promise<TaskLog[]> {
  const folder = `${store.folder(job)}/logs`
  const logs: TaskLog[] = []
  for (const file of await disk.list(folder)) {
    const bytes = await disk.get(`${folder}/${file}`)
    if (bytes !== null) logs.push({ task: Number(file), node: name, text: Buffer.from(bytes).toString() })
  }
  return logs.sort((a, b) => a.task - b.task)
}
