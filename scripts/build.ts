/** `npm run build`: src → dist, what a package holds: a few files that run, the types of what it exports, notices. */
import { spawnSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bundle, ROOT } from './bundle.ts'
import { keepReached } from './declarations.ts'

const dist = join(ROOT, 'dist')
rmSync(dist, { recursive: true, force: true })
const flags = ['--noEmit', 'false', '--emitDeclarationOnly', '--outDir', 'dist', '--rootDir', 'src']
const { status } = spawnSync('tsc', ['-p', 'scripts/tsconfig.build.json', ...flags], { cwd: ROOT, stdio: 'inherit' })
if (status === 0) {
  keepReached(dist, ['index.d.ts', 'job.d.ts', 'testing.d.ts'])
  await bundle(ROOT)
  chmodSync(join(dist, 'cli/main.js'), 0o755)
}
process.exitCode = status ?? 1
