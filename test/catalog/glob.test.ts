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
    '+([a]|a)b',
    '+((a|aa)a)b',
    '+({a,aa})b',
    '*(a|a?)b',
    '+(a?(a))b',
    '?(a)'.repeat(30),
    '{a,aa}'.repeat(30),
    '@(a|)'.repeat(30),
  ])('%s', (glob) => {
    expect(() => globMatcher(glob)).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })

  it.each([
    ['{*.csv,*.tsv,*.json,*.ndjson,*.parquet}', 'a.parquet'],
    ['2026-*/**/*.{csv,gz}', '2026-01/x/y.gz'],
    ['!(a|b)*', 'c.csv'],
    ['!(*.csv)', 'c.tsv'],
    ['+(a|b)*.csv', 'abab-1.csv'],
    ['+([0-9])_x', '007_x'],
    ['part-{0,1,2}{a,b}{c,d}{e,f}.*.{csv,csv.gz}', 'part-2ade.x.csv.gz'],
    ['?(old-){x,y}', 'old-y'],
    ['*-*-*.log', 'x-y-z.log'],
    ['{2025,2026}{-01,-02}*.csv', '2026-01-x.csv'],
    ['\\*\\*\\*\\*', '****'],
  ])('%s is none, and takes %s', (glob, path) => {
    expect(globMatcher(glob)(path)).toBe(true)
  })
})

describe('a glob whose brackets do not match', () => {
  it('is a name where it has no wildcard', () => {
    const matches = globMatcher('a (1.csv')
    expect(['a (1.csv', 'a (1', 'a (1)csv'].map(matches)).toEqual([true, false, false])
    expect(globMatcher('x)/a.csv')('x)/')).toBe(true)
    expect(globMatcher('[(]*.csv')('(a.csv')).toBe(true)
  })

  it.each(['(*/a/**/+', 'a)*', '(a|b*'])('is refused where it has one: %s', (glob) => {
    expect(() => globMatcher(glob)).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })
})
