/** Files of kinds that other tools read wrong, over a mesh whose submitter has none of them, and on this machine alone. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Ended } from '../command.ts'
import { records, resultOf, type Files } from '../mesh.ts'
import { ODD_FILES, type OddFiles } from './odd-files-table.ts'
import type { Suite, Warm } from './warm.ts'

const FIXTURES = join(import.meta.dirname, '../../fixtures/odd-files')
const ALL = [...new Set(ODD_FILES.map(({ data }) => data))]

function jobOf({ data, input, map }: OddFiles): string {
  return `import { defineJob } from 'shoal/job'
export default defineJob({
  input: { data: '${data}', ${input ?? ''} },
  map(record, { emit }) { ${map} },
  reduce(key, values, { emit }) {
    const all = [...values]
    emit(key, all.every((value) => typeof value === 'number') ? all.reduce((sum, value) => sum + value, 0) : all[0])
  },
})
`
}

/** All cases in one job, by aliases `c0`, `c1` …, which stand before their keys. */
function jobOfAll(all: readonly OddFiles[]): string {
  const inputs = all.map(({ data, input }, i) => `c${i}: { data: '${data}', ${input ?? ''} },`)
  const maps = all.map(
    ({ map }, i) => `c${i}(record, context) {
      const emit = (key, value) => context.emit(['c${i}', key], value)
      ${map}
    },`,
  )
  return `import { defineJob } from 'shoal/job'
export default defineJob({
  input: { ${inputs.join('\n')} },
  map: { ${maps.join('\n')} },
  reduce(key, values, { emit }) {
    const all = Object.values(values).flatMap((some) => [...some])
    emit(key, all.every((value) => typeof value === 'number') ? all.reduce((sum, value) => sum + value, 0) : all[0])
  },
})
`
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const title = ({ data, input, refused }: OddFiles): string =>
  `${data}${input === undefined ? '' : ` by ${input}`}${refused === undefined ? '' : ' is refused'}`

export const oddFiles: Suite = {
  name: 'odd files',
  hands: () => {
    const hands: [Record<string, Files>, Record<string, Files>] = [{}, {}]
    for (const data of ALL)
      for (const [i, file] of readdirSync(join(FIXTURES, data)).toSorted().entries()) {
        if (!statSync(join(FIXTURES, data, file)).isFile()) continue
        const hand = hands[i % hands.length]!
        hand[data] = { ...hand[data], [file]: readFileSync(join(FIXTURES, data, file)) }
      }
    return [{ data: hands[0] }, { data: hands[1] }]
  },
  tests,
}

function tests(warm: Warm): void {
  const aloneOver = (data: readonly string[]): string[] => [
    ...['--local', '--slots', '1'],
    ...data.flatMap((name) => ['--data', `${name}=${join(FIXTURES, name)}`]),
  ]

  test.concurrent.each(ODD_FILES.map((odd, i) => [title(odd), odd, i] as const))('%s', async (_, odd, i) => {
    const job = warm.mesh.job(`odd-${i}`, jobOf(odd))
    check(odd, await warm.submitter.run('run', job))
    if (odd.answer === undefined) check(odd, await warm.mesh.command(['run', job, ...aloneOver([odd.data])]))
  })

  // One job over all of them: a process for each would take a minute more.
  test('with --local all answers are the same, and so is the hash', async () => {
    const answered = ODD_FILES.filter(({ answer }) => answer !== undefined)
    const job = warm.mesh.job('odd-all', jobOfAll(answered))
    const together = await warm.submitter.run('run', job)
    const alone = await warm.mesh.command(['run', job, ...aloneOver([...new Set(answered.map(({ data }) => data))])])
    expect([alone.code, together.code]).toEqual([0, 0])
    const expected = answered.flatMap((odd, i) => odd.answer!.map(([key, value]) => [`c${i}`, key, value]))
    const found = records(alone.stdout).map(([key, value]) => [...(key as unknown[]), value])
    const byText = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).toSorted(compareText)
    expect(byText(found)).toEqual(byText(expected))
    expect(resultOf(alone)).toBe(resultOf(together))
  })

  test('what is left out of a folder that a job wrote shows on the node that has none of it', async () => {
    const odd = ODD_FILES.find(({ data }) => data === 'own-output')!
    const ran = await warm.submitter.run('run', warm.mesh.job('own', jobOf(odd)))
    expect(ran.stderr).toContain('1 name that begins with _ or . is not read: _SUCCESS')
    expect(ran.stderr).toContain('1 receipt of Shoal is not read: receipt.json')
    const { coverage } = await warm.submitter.receipt(/^job ([0-9a-f]{64})/m.exec(ran.stderr)![1]!)
    const leftOut = coverage.leftOut.map(({ dataset, kind, count }) => `${dataset} ${kind} ${count}`)
    expect(new Set(leftOut)).toEqual(new Set(['own-output hidden 1', 'own-output receipt 1']))
    const datasets = await warm.submitter.datasets()
    expect(datasets.find(({ name }) => name === 'own-output')?.leftOut).toHaveLength(2)
  })
}

function check(odd: OddFiles, { code, stdout, stderr }: Ended): void {
  if (odd.answer !== undefined) {
    expect([code, stderr]).toEqual([0, expect.any(String)])
    expect(records(stdout)).toEqual(odd.answer)
    return
  }
  const refused = odd.refused!
  expect([code, stderr]).toEqual([refused.exit, expect.stringContaining(`error[${refused.code}]`)])
  expect(stdout).toBe('')
  for (const words of refused.says) expect(stderr).toMatch(words)
  expect(stderr).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/)
}
