/** Seeded rounds of `shoal sim --kill`: whoever is killed where, the hash and the records are the same. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { timed } from '../bench/timed.ts'
import { freshMain } from '../fresh-build.ts'
import { difference, expected, makeOrders, ordersOf, SOURCES, type Question } from './orders.ts'

/** Prints a line for each round; answers 1 where one differs. */
export async function killRounds(rounds: number, seed: number): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), 'shoal-rounds-'))
  try {
    const files = makeOrders(seed, 8, 2_000)
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(scratch, 'orders'), { recursive: true })
      writeFileSync(join(scratch, 'orders', path), text)
    }
    const question: Question = { kind: 'order', dataset: 'orders', salt: 0 }
    writeFileSync(join(scratch, 'job.ts'), SOURCES.order)
    const answer = expected(question, ordersOf(files))
    const hashes = new Map<string, number>()
    let bad = 0
    for (let round = 0; round < rounds; round++) {
      const mode = round % 2 === 0 ? '' : ',replicated'
      const sim = ['sim', '--nodes', '4', '--kill', String(1 + (round % 2)), '--seed', String(seed + round)]
      const data = ['--data', `orders=${join(scratch, 'orders')}${mode}`]
      const ended = await timed(process.execPath, [
        freshMain(),
        ...sim,
        ...data,
        ...['run', join(scratch, 'job.ts'), '--partitions', '6', '--timeout', '5m'],
      ])
      const hash = /result (sha256:[0-9a-f]{64})\s*$/.exec(ended.errors)?.[1] ?? 'none'
      const records = ended.output
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { key: unknown; value: unknown })
      const wrong =
        ended.code === 0
          ? difference(
              question,
              records.map(({ key, value }) => [key, value]),
              answer,
            )
          : 'it failed'
      const killed = ended.errors.split('\n').filter((line) => line.startsWith('killed ')).length
      hashes.set(hash, (hashes.get(hash) ?? 0) + 1)
      const seconds = (ended.milliseconds / 1000).toFixed(1)
      console.error(`round ${round}${mode}: ${killed} killed, ${seconds} s, ${hash.slice(0, 20)} ${wrong ?? 'right'}`)
      if (wrong !== null || killed !== 1 + (round % 2)) {
        bad++
        console.error(ended.errors)
      }
    }
    console.log(`${rounds} rounds, ${bad} wrong; ${[...hashes].map(([hash, n]) => `${n} × ${hash}`).join(', ')}`)
    return bad > 0 || hashes.size > 1 ? 1 : 0
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
