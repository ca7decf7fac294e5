import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ShoalError } from '../../core/errors.ts'
import { reasonOf } from '../../words/reason.ts'
import type { Context } from '../context.ts'
import { editorTypes } from '../editor-types.ts'

const JOB = `/// <reference path="./shoal-job.d.ts" />
// Revenue per user. Try it on this machine alone:
//   shoal run job.ts --local --data purchases=data
// On a mesh: \`shoal node --data purchases=data\` on each machine, then \`shoal run job.ts\` on any of them.
import { defineJob } from 'shoal/job'

type Purchase = { user_id: string; amount_cents: number }

export default defineJob({
  input: 'purchases/*.ndjson',
  map(purchase: Purchase, { emit }) {
    emit(purchase.user_id, BigInt(purchase.amount_cents))
  },
  combine: (a: bigint, b: bigint) => a + b,
  reduce(user: string, totals: Iterable<bigint>, { emit }) {
    let sum = 0n
    for (const total of totals) sum += total
    emit(user, sum)
  },
})
`

const DATA = `{"user_id":"ada","amount_cents":1250}
{"user_id":"grace","amount_cents":990}
{"user_id":"ada","amount_cents":350}
{"user_id":"linus","amount_cents":4000}
`

const README = `# A Shoal job

- \`job.ts\`: the job, a TypeScript module. Run it: \`shoal run job.ts --local --data purchases=data\`
- \`data/\`: four purchases to try it on. The answer: ada 1600, grace 990, linus 4000.
- \`shoal-job.d.ts\`: what the editor needs to know of \`shoal/job\`; with the package installed beside the job,
  delete it, and the line of the job that names it.

\`shoal explain job.ts\` says who would run what; \`shoal help\` lists the commands.
`

/** `shoal init [FOLDER]`: a starter job with editor types and a little data. Nothing that exists is replaced. */
export async function init(context: Context, [given = '.']: readonly string[]): Promise<number> {
  const folder = context.path(given)
  const files: Readonly<Record<string, string>> = {
    'job.ts': JOB,
    'data/2026-11.ndjson': DATA,
    'shoal-job.d.ts': await editorTypes(),
    'SHOAL.md': README,
  }
  const there = Object.keys(files).filter((name) => existsSync(join(folder, name)))
  if (there.length > 0) {
    throw new ShoalError('OUTPUT_EXISTS', `${given} has ${there.join(', ')} already`, {
      try: ['shoal init ANOTHER_FOLDER'],
    })
  }
  for (const [name, text] of Object.entries(files)) {
    await write(join(folder, name), text, given)
    if (context.quiet) await context.print(name)
    else context.note(`made ${join(given, name)}`)
  }
  const at = given === '.' ? '' : `cd ${given} && `
  context.hint(`next: ${at}shoal run job.ts --local --data purchases=data`)
  return 0
}

async function write(path: string, text: string, given: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text, { flag: 'wx' })
  } catch (error) {
    throw new ShoalError('OUTPUT', `the folder ${given} cannot be written`, {
      why: reasonOf(error, 'the system refuses it'),
      try: ['shoal init ANOTHER_FOLDER'],
      cause: error,
    })
  }
}
