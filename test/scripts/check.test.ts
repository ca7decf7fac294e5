import { describe, expect, test } from 'vitest'
import { skippedLine } from '../../scripts/check/skipped.ts'
import { tallyOf, together } from '../../scripts/check/tally.ts'

const result = (status: string, fullName: string): { status: string; fullName: string } => ({ status, fullName })

describe('what the checks count', () => {
  test('each test; a file that did not load is one failure; what did not run is named', () => {
    const tests = [result('passed', 'a'), result('failed', 'b'), result('skipped', 'c'), result('passed', 'd')]
    const tally = tallyOf({
      testResults: [
        { status: 'failed', assertionResults: tests },
        { status: 'failed', assertionResults: [] },
        { status: 'passed', assertionResults: [result('todo', 'e')] },
      ],
    })
    expect(tally).toEqual({ passed: 2, failed: 2, skipped: ['c', 'e'] })
    expect(together([tally, { passed: 1, failed: 0, skipped: [] }])).toEqual({ ...tally, passed: 3 })
  })

  test('the line before the last names the checks by the command that runs them, and tests that lacked something', () => {
    const left = [
      { name: 'processes', tier: 'land' },
      { name: 'fuzz', tier: 'nightly' },
      { name: 'storm', tier: 'nightly' },
    ] as const
    expect(skippedLine(left, ['a cut'])).toBe(
      'not run: processes (npm test); fuzz, storm (npm run test:nightly); 1 tests: "a cut"',
    )
    expect(skippedLine([], [])).toBe('not run: nothing was left out')
  })
})
