/** Twenty thousand tiny gzip files, as log shippers leave them, and the loop over them that one would write oneself. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { seeded } from './random.ts'

const FILES_A_FOLDER = 700
const LINES = 5
const USERS = 500

/** The folder with `count` files of five lines each, `user TAB bytes`, behind two lines of comment. */
export function gzipFiles(cache: string, count: number): string {
  const folder = join(cache, `gzip-${count}`)
  if (existsSync(folder)) return folder
  const partial = `${folder}.partial`
  rmSync(partial, { recursive: true, force: true })
  const random = seeded(5)
  for (let i = 0; i < count; i++) {
    const day = join(partial, `day=${String(Math.floor(i / FILES_A_FOLDER)).padStart(2, '0')}`)
    if (i % FILES_A_FOLDER === 0) mkdirSync(day, { recursive: true })
    const lines = Array.from({ length: LINES }, () => `u${random.below(USERS)}\t${random.below(1000)}\n`)
    const text = `#Version: 1.0\n#Fields: user bytes\n${lines.join('')}`
    writeFileSync(join(day, `E${String(i).padStart(6, '0')}.log.gz`), gzipSync(text))
  }
  renameSync(partial, folder)
  return folder
}

export function sumByUser(folder: string): Map<string, number> {
  const sums = new Map<string, number>()
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.gz')) continue
    for (const line of gunzipSync(readFileSync(join(folder, path)))
      .toString()
      .split('\n')) {
      if (line === '' || line.startsWith('#')) continue
      const [user = '', bytes] = line.split('\t')
      sums.set(user, (sums.get(user) ?? 0) + Number(bytes))
    }
  }
  return sums
}
