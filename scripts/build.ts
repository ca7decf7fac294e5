/** `npm run build`: src → dist, one JavaScript file for each TypeScript file, with declarations and source maps. */
import { spawnSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
rmSync(join(root, 'dist'), { recursive: true, force: true })
const flags = ['--noEmit', 'false', '--outDir', 'dist', '--rootDir', 'src', '--declarationMap', '--sourceMap']
const compiled = spawnSync('tsc', ['-p', 'scripts/tsconfig.build.json', ...flags], { cwd: root, stdio: 'inherit' })
if (compiled.status === 0) chmodSync(join(root, 'dist/cli/main.js'), 0o755)
process.exitCode = compiled.status ?? 1
