import { describe, expect, it } from 'vitest'
import { globMatcher } from '../../src/catalog/glob.ts'

describe('a glob that could take for ever is refused', () => {
  it.each([
    '*a*a*a*a*a*b',
    '**/**/**/b',
    '(a+)+b',
    '(a|aa)+b',
    '!(+)+b',
    '{a,aa}+b',
    '[a]+[a]+[a]+[a]+b',
    '+(+(a))b',
    '*(*a)b',
    '*,*,*,*',
  ])('%s', (glob) => {
    expect(() => globMatcher(glob)).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })

  it.each([
    ['{*.csv,*.tsv,*.json,*.ndjson,*.parquet}', 'a.parquet'],
    ['2026-*/**/*.{csv,gz}', '2026-01/x/y.gz'],
    ['!(a|b)*', 'c.csv'],
    ['!(*.csv)', 'c.tsv'],
    ['+(a|b)*.csv', 'abab-1.csv'],
    ['*-*-*.log', 'x-y-z.log'],
    ['{2025,2026}{-01,-02}*.csv', '2026-01-x.csv'],
    ['\\*\\*\\*\\*', '****'],
  ])('%s is none, and takes %s', (glob, path) => {
    expect(globMatcher(glob)(path)).toBe(true)
  })
})
