/**
 * The loop that a good engineer would write for one machine: 1 MiB chunks, cut at LF, one Map, one thread.
 * usage: plain-loop.ts words|revenue FOLDER → the number of keys and a sum, to show that all was done
 */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'

const CHUNK_BYTES = 2 ** 20
const [job, folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: plain-loop.ts words|revenue FOLDER')

function eachLine(path: string, line: (text: string) => void): void {
  const file = openSync(path, 'r')
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  let rest = ''
  for (;;) {
    const got = readSync(file, chunk, 0, CHUNK_BYTES, null)
    if (got === 0) break
    const text = rest + chunk.toString('latin1', 0, got)
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      line(text.slice(start, end))
      start = end + 1
    }
    rest = text.slice(start)
  }
  if (rest !== '') line(rest)
  closeSync(file)
}

const sums = new Map<string, number>()

const perLine: Readonly<Record<string, (line: string) => void>> = {
  words: (line) => {
    for (const word of line.split(' ')) sums.set(word, (sums.get(word) ?? 0) + 1)
  },
  revenue: (line) => {
    const { user_id: user, amount_cents: cents } = JSON.parse(line) as { user_id: string; amount_cents: number }
    sums.set(user, (sums.get(user) ?? 0) + cents)
  },
}

const work = perLine[job ?? '']
if (work === undefined) throw new Error(`no loop ${String(job)}`)
for (const name of readdirSync(folder).sort()) eachLine(join(folder, name), work)
let total = 0
for (const sum of sums.values()) total += sum
console.log(`${sums.size} ${total}`)
