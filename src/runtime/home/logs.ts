import type { JobId } from '../../core/types.ts'
import type { Context } from '../context.ts'
import { getKept, isDamaged } from './kept.ts'
import { folderFile } from './folder.ts'

export interface TaskLog {
  readonly task: number
  readonly node: string
  readonly text: string
}

/** What the job's tasks wrote to the console on this node, by task; the last attempt of each. */
export async function readLogs(context: Context, job: JobId): Promise<TaskLog[]> {
  const { disk, name } = context
  const folder = folderFile(job, 'logs')
  const logs: TaskLog[] = []
  for (const file of await disk.list(folder)) {
    const text = await readLog(context, `${folder}/${file}`, job)
    if (text !== null) logs.push({ task: Number(file), node: name, text })
  }
  return logs.sort((a, b) => a.task - b.task)
}

async function readLog({ disk, damage }: Context, name: string, job: JobId): Promise<string | null> {
  try {
    const bytes = await getKept(disk, name)
    return bytes === null ? null : Buffer.from(bytes).toString()
  } catch (error) {
    if (!isDamaged(error)) throw error
    damage.found(name, 'what a task wrote to the console is lost', job)
    return '(lost: its file is damaged)\n'
  }
}
