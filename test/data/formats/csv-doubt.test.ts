import { describe, expect, test } from 'vitest'
import type { ReadOptions } from '../../../src/core/types.ts'
import { csvDoubt, delimiterDoubt } from '../../../src/data/formats/csv/doubt.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'

const doubt = (text: string, options: ReadOptions = {}, whole = true): ReturnType<typeof csvDoubt> =>
  csvDoubt(text, whole, resolveReadOptions('a.csv', options))

const EITHER = ['header: true, if it is the header all the same', 'header: false, if the file has none']

describe('a header is doubted', () => {
  const report = 'Report for Jan;;\nBuilt 2024;;\nday;amount;note\n1;10,50;a\n2;5,25;b\n'
  const co2 = '# co2 annual means\n# use: see web\nyear,mean\n1959,315.98\n'

  test('that names one of several columns: a title', () => {
    expect(doubt(report, { delimiter: ';' })).toEqual({
      why: 'line 1 names only the first of 3 columns, and later rows have something in the others: it looks like a title before the header',
      try: ['skipLines: 2', ...EITHER],
    })
    expect(doubt(`\uFEFF${report}`, { delimiter: ';', skipLines: 1 })).toMatchObject({
      why: expect.stringMatching(/^line 2 names/) as unknown,
      try: ['skipLines: 2', ...EITHER],
    })
    expect(doubt('# Report,,\n\na,b,c\n1,2,3\n')?.try.slice(0, 2)).toEqual(["comment: '#'", 'skipLines: 2'])
    expect(doubt(report, { delimiter: ';', skipLines: 2 })).toBeNull()
  })

  test('that begins as comments do, as the next line does, or with another number of fields', () => {
    expect(doubt(co2)).toEqual({
      why: 'line 1 begins with #, and so does line 2: it looks like a comment before the header',
      try: ["comment: '#'", 'skipLines: 2', ...EITHER],
    })
    expect(doubt('\n// from x\na,b\n1,2\n')).toEqual({
      why: 'line 2 begins with // and has 1 field, but line 3 has 2: it looks like a comment before the header',
      try: ["comment: '//'", 'skipLines: 2', ...EITHER],
    })
    expect(doubt(co2, { comment: '#' })).toBeNull()
    expect(doubt(co2, { skipLines: 2 })).toBeNull()
  })

  test('of VCF, whose own header begins with half of what its comments do', () => {
    const vcf = '##fileformat=VCFv4.3\n##source=x\n#CHROM\tPOS\n20\t14370\n20\t17330\n'
    expect(doubt(vcf, { format: 'tsv' })?.try.slice(0, 2)).toEqual(["comment: '##'", 'skipLines: 2'])
    expect(doubt(vcf, { format: 'tsv', comment: '##' })).toBeNull()
  })

  test('with no number of lines where the rows do not tell', () => {
    expect(doubt('# x\na\n1,2\n1,2,3\n# y\n')).toBeNull()
    expect(doubt('# x\n# y\na\n1,2\n1,2,3\n')?.try.slice(0, 1)).toEqual(["comment: '#'"])
    expect(doubt('# x\n# y\na\n1,2\n1,2,3\n')?.try.join()).not.toContain('skipLines')
  })

  test.each<[string, string, ReadOptions]>([
    ['a pandas index', ',a,b\n0,1,2\n', {}],
    ['columns that are empty throughout', 'a,,\n1,,\n2,, \n', {}],
    ['a column of marks', '#,name\n#1,Anna\n#2,Bo\n', {}],
    ['short rows that are filled up', '#id,a,b\n1,2\n1,2,3\n', { ragged: 'fill' }],
    ['a second column without a name', 'a,\n1,2\n', {}],
    ['a header that begins with a mark', '#chrom\tstart\nchr1\t10\n', { delimiter: '\t' }],
    ['a header alone', '# a,b\n', {}],
    ['a title alone', 'a,,\n', {}],
    ['a header that cannot be read', '"a"b,\n1,2\n', {}],
    ['no header', '# a\n# b\n', { header: false }],
    ['nothing', '', {}],
  ])('but not %s', (_, text, options) => {
    expect(doubt(text, options)).toBeNull()
  })

  test('by whole records alone', () => {
    expect(doubt('# a\nb,c', {}, false)).toBeNull()
    expect(doubt('# a\nb,c', {}, true)).not.toBeNull()
  })
})

describe('a delimiter is doubted', () => {
  const other = (text: string, options: ReadOptions = {}, path = 'a.csv'): ReturnType<typeof delimiterDoubt> =>
    delimiterDoubt(text, true, resolveReadOptions(path, options))

  test('where each row holds another one as often as the header', () => {
    expect(other('day;amount;note\n1;10,50;a\n2;5,25;b\n')).toEqual({
      why: "by ';' most of the first rows have 3 fields, by ',' one",
      try: ["delimiter: ';'", "delimiter: ',', if there is one column"],
    })
    expect(other('a\tb\n1\t2\n')?.try[0]).toBe("delimiter: '\\t'")
    expect(other('a,b,c\n1,2,3\n', {}, 'a.tsv')?.try[0]).toBe("delimiter: ','")
    expect(other('sep=;\na;b\n1;2\n')?.try).toEqual(["delimiter: ';', skipLines: 1"])
  })

  test.each([
    ['a quoted field that holds it', 'a;b\n1;2\n3;"x;y"\n'],
    ['a short row', `a;b;c\n${'1;2;3\n'.repeat(9)}2;Bo\n`],
    ['a row of sums', `a;b\n${'1;2\n'.repeat(9)}Total: 2000\n`],
    ['a title', 'Report\nid;name;x\n1;Anna;3\n2;Bo;4\n'],
    ['a header that cannot be read by commas', '"a";"b"\n"1";"2"\n'],
  ])('in spite of %s', (_, text) => {
    expect(other(text)?.try[0]).toBe("delimiter: ';'")
  })

  test.each<[string, string, string]>([
    ['one column', 'a\n1\n2\n', 'a.csv'],
    ['a text with a semicolon here and there', 'note\none; two\nthree\n', 'a.csv'],
    ['a comma in each text', 'City, State\nOslo, Norway\n', 'a.tsv'],
    ['a header alone', 'a;b\n', 'a.csv'],
    ['several columns', 'a,b\n1;2,3\n', 'a.csv'],
  ])('but not by %s', (_, text, path) => {
    expect(other(text, {}, path)).toBeNull()
  })
})
