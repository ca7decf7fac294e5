/** What the command line gives as a cause is never the text of an error of Node or of V8. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { freshMain } from '../../scripts/fresh-build.ts'
import { shoal } from './fake.ts'

const MAIN = freshMain()

describe('causes are in plain words', () => {
  test.each([
    [['run', 'x.ts', '--local', '--data', 'a=/no/such/dir'], 'no such file or directory (ENOENT)'],
    [['node', '--join', '@/no/such/file'], 'no such file or directory (ENOENT)'],
    [['run', 'x.ts', '-o', '/dev/null/x'], 'part of the path is not a directory (ENOTDIR)'],
    [['init', '/dev/null/x'], 'part of the path is not a directory (ENOTDIR)'],
  ])('shoal %j: %s', async (argv, why) => {
    const ran = await shoal(argv)
    expect(ran.stderr).toContain(`why:  ${why}\n`)
    expect(ran.stderr).not.toMatch(/, (?:open|stat|mkdir|access)\b/)
  })

  test.each([
    ['export default {', 'it is not valid TypeScript'],
    ["import './nothing.ts'", 'it imports what is not there'],
    ["throw new Error('no disk is mounted')", 'it threw: no disk is mounted'],
  ])('shoal.config.ts: %s', (text, why) => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-causes-'))
    writeFileSync(join(folder, 'shoal.config.ts'), text)
    // A process of its own: here another program than Node would read the file.
    const ran = spawnSync(process.execPath, [MAIN, 'jobs'], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect(ran.status).toBe(2)
    expect(ran.stderr).toContain(`why:  ${why}\n`)
    rmSync(folder, { recursive: true })
  })
})
