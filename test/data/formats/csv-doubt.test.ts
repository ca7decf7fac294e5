import { describe, expect, test } from 'vitest'
import type { ReadOptions } from '../../../src/core/types.ts'
import { firstRows } from '../../../src/data/formats/csv/first-rows.ts'
import { headerDoubt } from '../../../src/data/formats/csv/header-doubt.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'

function doubt(text: string, options: ReadOptions = {}, whole = true): ReturnType<typeof headerDoubt> {
  const resolved = resolveReadOptions('a.csv', options)
  return headerDoubt(firstRows(text, whole, resolved), resolved)
}

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
    const none = (mark: string): string =>
      `comment: '${mark}', header: false, columns: ['…'], if no line names the columns`
    expect(doubt(co2)).toEqual({
      why: 'line 1 begins with #, and so does line 2: it looks like a comment before the header',
      try: ["comment: '#'", 'skipLines: 2', none('#'), EITHER[0]],
    })
    expect(doubt('\n// from x\na,b\n1,2\n')).toEqual({
      why: 'line 2 begins with // and has 1 field, but line 3 has 2: it looks like a comment before the header',
      try: ["comment: '//'", 'skipLines: 2', none('//'), EITHER[0]],
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

  test('and what is behind comments, too, where it has values in it, or the last comment is as wide', () => {
    const iis = '#Software: IIS\n#Fields: date time status\n2026-11-01 10:00 200\n2026-11-01 10:01 404\n'
    expect(doubt(iis, { delimiter: ' ' })?.try).toEqual([
      "comment: '#', header: false, columns: ['…'], if no line names the columns",
      "comment: '#', if line 3 names them",
      EITHER[0],
    ])
    const named = '# by x\n# name,city\nAnna,Oslo\nBo,Bergen\n'
    expect(doubt(named)?.try).toEqual([
      'skipLines: 1, if line 2 names the columns',
      "comment: '#', header: false, columns: ['…'], if no line names the columns",
      "comment: '#', if line 3 names them",
      EITHER[0],
    ])
    const gff = '##gff-version 3\nchr1\tx\tgene\t1\t9\nchr1\tx\tgene\t12\t19\n'
    expect(doubt(gff, { format: 'tsv' })?.try[0]).toMatch(/header: false/)
  })

  test('where it may be a column of marks, with that first', () => {
    expect(doubt('#hex\n#fff\nnone\n')?.try[0]).toBe(EITHER[0])
    expect(doubt('# a, b\n# c, d\nyear,mean\n1959,3\n')?.try[0]).toMatch(/^(?:comment|skipLines)/)
  })

  test.each<[string, string, string]>([
    ['names nothing', ',,\n,,\nid,name,city\n1,Anna,Oslo\n', 'skipLines: 2'],
    ['names nothing of two columns', ',\nid,name\n1,Anna\n', 'skipLines: 1'],
    ['has a title in the second column', ',Report,\n,,\nid,name,city\n1,Anna,Oslo\n', 'skipLines: 2'],
    ['has a title over two columns', 'Report,2026,,,\nid,name,a,b,c\n1,Anna,2,3,4\n', 'skipLines: 1'],
    ['names values of a report', 'Client,ACME,,\nDate,2026-11-01,,\nid,name,a,b\n1,Anna,2,3\n', 'skipLines: 2'],
    ['is the upper of two', '2025,,2026,\na,b,a,b\n1,2,3,4\n', 'skipLines: 1'],
    ['is a title of two columns, and a blank line', 'Report,\n\nid,name\nx,Anna\n', 'skipLines: 2'],
    ['is a title of two columns', 'Report,\nname,amount\nAnna,1\nBo,2\n', 'skipLines: 1'],
    ['has values and a blank line below', 'Client,ACME\nDate,May\n\nname,amount\nAnna,1\n', 'skipLines: 3'],
  ])('that %s', (_, text, remedy) => {
    expect(doubt(text)?.try).toEqual([remedy, ...EITHER])
  })

  test('with another file behind it', () => {
    expect(doubt('\uFEFFid,name\n1,Anna\n\uFEFFid,name\n2,Bo\n')?.why).toMatch(/^line 3 begins with a byte order mark/)
  })

  test.each<[string, string, ReadOptions]>([
    ['a column of marks that not all rows have', '#hex,name\n#fff,white\n,none\n', {}],
    ['an index of several levels', ',,value\na,x,1\nb,y,2\n', {}],
    ['a series', ',0\nname,Anna\nage,5\nsize,7\n', {}],
    ['notes beside a table', 'id,name,,\n1,A,,\n2,B,note,x\n', {}],
    ['columns without names', 'a,b,,\n1,2,3,4\n5,6,7,8\n', {}],
    ['words in columns without names', 'a,b,,\nx,y,z,w\nx,y,z,v\n', {}],
    ['a blank line below', 'id,name\n\n1,Anna\n2,Bo\n', {}],
    ['empty rows of one column', 'score\n\nN/A\n1\n2\n', {}],
    ['another table below', 'id,amount\n1,5\n\nid,amount\n2,6\n', {}],
    ['years as names', 'city,2025,2026\nOslo,1,2\n', {}],
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
