/** `npm run broken-cores`: the simulator finds every deliberately broken core, each within 200 seeds. */
import { spawnSync } from 'node:child_process'

const SEEDS = 200

function simulate(...args: string[]): { readonly code: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=development', 'test/sim/main.ts', ...args],
    { encoding: 'utf8' },
  )
  return { code: status, text: `${stdout}${stderr}` }
}

let missed = 0
for (const name of simulate('--list-broken').text.trim().split('\n')) {
  const began = performance.now()
  const { code, text } = simulate('--broken', name, '--seeds', String(SEEDS))
  const rule = /^violation: (\S+):/m.exec(text)?.[1]
  const after = /^found after (\d+)/m.exec(text)?.[1]
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  if (code === 1 && rule !== undefined)
    console.log(`${name}: caught by rule '${rule}' within ${after} seeds, ${seconds} s`)
  else {
    missed++
    console.log(`${name}: NOT CAUGHT within ${SEEDS} seeds (exit ${code}): ${text.trim().slice(-300)}`)
  }
}
process.exitCode = missed === 0 ? 0 : 1
