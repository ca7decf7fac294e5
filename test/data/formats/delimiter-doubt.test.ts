import { describe, expect, test } from 'vitest'
import type { ReadOptions } from '../../../src/core/types.ts'
import { delimiterDoubt } from '../../../src/data/formats/csv/delimiter-doubt.ts'
import { firstRows } from '../../../src/data/formats/csv/first-rows.ts'
import { quoteDoubt, sepDoubt } from '../../../src/data/formats/csv/said-doubt.ts'
import { headDoubt } from '../../../src/data/formats/look/doubt.ts'
import { resolveReadOptions } from '../../../src/data/formats/options.ts'

describe('a delimiter is doubted', () => {
  const other = (text: string, options: ReadOptions = {}, path = 'a.csv'): ReturnType<typeof delimiterDoubt> => {
    const resolved = resolveReadOptions(path, options)
    return delimiterDoubt(text, true, resolved, firstRows(text, true, resolved))
  }

  test('where each row holds another one as often as the header', () => {
    expect(other('day;amount;note\n1;10,50;a\n2;5,25;b\n')).toEqual({
      why: "by ';' most of the first rows have 3 fields, by ',' one",
      try: ["delimiter: ';'", "delimiter: ',', if there is one column"],
    })
    expect(other('a\tb\n1\t2\n')?.try[0]).toBe("delimiter: '\\t'")
    expect(other('a,b,c\n1,2,3\n', {}, 'a.tsv')?.try[0]).toBe("delimiter: ','")
  })

  test('where commas cut numbers and sentences', () => {
    expect(other('Name;Amount, EUR\nOslo;1,50\nBergen;2,75\n')).toEqual({
      why: "by ';' most of the first rows have 2 fields, and where ',' cuts them is within numbers or sentences",
      try: ["delimiter: ';'", "delimiter: ',', if it is that all the same"],
    })
    for (const options of [{ header: false }, { header: false, columns: ['day', 'amount'] }]) {
      expect(other('2026-11-01;1,50\n2026-11-02;2,75\n', options)?.try[0]).toBe("delimiter: ';'")
      expect(other('2026-11-01\t1,50\n2026-11-02\t2,75\n', options)?.try[0]).toBe("delimiter: '\\t'")
    }
    expect(other('Name;Amount,EUR\nOslo;1,50\nBergen;"2,75"\n')?.try[0]).toBe("delimiter: ';'")
    expect(other('Report, May\nid;name;x\n1;Anna;3,5\n2;Bo;4,5\n')?.try[0]).toBe("delimiter: ';'")
  })

  test.each([
    ['control-A', 'a\u0001b\n1\u00012,5\n', "'\\x01'"],
    ['control-A, with commas in the header', 'a, b\u0001c\n1\u00012,5\n', "'\\x01'"],
    ['a caret', 'a^b\n1^2\n3^4\n', "'^'"],
    ['a tilde', 'a~b\n1~2\n', "'~'"],
    ['a space', 'year month mean\n1959 3 315.7\n1959 4 317.4\n', "' '"],
  ])('of %s', (_, text, delimiter) => {
    expect(other(text)?.try[0]).toBe(`delimiter: ${delimiter}`)
  })

  test('of two columns by commas, called TSV', () => {
    expect(other('city,amount\nOslo,1\nBergen,2\n', {}, 'a.tsv')?.try[0]).toBe("delimiter: ','")
    expect(other('1,5\n2,7\n', { header: false }, 'a.tsv')).toBeNull()
  })

  test.each([
    ['a quoted field that holds it', 'a;b\n1;2\n3;"x;y"\n'],
    ['a short row', `a;b;c\n${'1;2;3\n'.repeat(9)}2;Bo\n`],
    ['a row of sums', `a;b\n${'1;2\n'.repeat(9)}Total: 2000\n`],
    ['a title', 'Report\nid;name;x\n1;Anna;3\n2;Bo;4\n'],
    ['comments', '# by x\n# 2026, May\nTokyo;35.7\nOslo;59.9\n'],
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
    ['lists within a column', 'id,tags\n1,a;b\n2,c;d\n', 'a.csv'],
    ['lists of numbers in several columns', 'x,y,z\n1;2,3;4,5\n6;7,8;9,0\n', 'a.csv'],
    ['lists of numbers below a name that is one', 'x;y,z,u\n1;2,3,5\n6;7,8,0\n', 'a.csv'],
    ['lists of numbers below a mark', '#id,x\n1;2,3\n4;5,6\n', 'a.csv'],
    ['lists of numbers in one column below a mark', '#id\n1;2\n4;5\n', 'a.csv'],
    ['lists of numbers below a spaced mark', '# id,x\n1;2,3\n4;5,6\n', 'a.csv'],
    ['a time of two words', 'time\n2026-11-01 10:00\n2026-11-01 10:01\n', 'a.csv'],
    ['names of two words', 'full name\nAnna Berg\nBo Lund\n', 'a.csv'],
    ['words of as many', 'what was done\nAnna saw Bo\nBo saw Anna\n', 'a.csv'],
  ])('but not by %s', (_, text, path) => {
    expect(other(text, {}, path)).toBeNull()
  })

  test.each<[string, string]>([
    ['lists of numbers with letters beside them', '1,a;b\n2,c;d\n'],
    ['lists behind commas and spaces', '1, a;b\n2, c;d\n'],
    ['lists of numbers in one of several columns', '1;2,3,5,6\n6;7,8,0,6\n'],
    ['lists apart by bars', '1,2|3\n4,5|6\n'],
    ['times with spaces', '2026-11-01 10:00,5\n2026-11-01 10:01,7\n'],
  ])('nor, without a header, by %s', (_, text) => {
    expect(other(text, { header: false })).toBeNull()
  })
})

describe('what a file says itself', () => {
  const said = (text: string, options: ReadOptions = {}): string | undefined =>
    sepDoubt(text, resolveReadOptions('a.csv', options))?.try[0]

  test('of its delimiter is no data', () => {
    expect(said('sep=;\na;b\n1;2\n')).toBe("delimiter: ';', skipLines: 1")
    expect(said('\uFEFFsep=,\r\na,b\r\n')).toBe("delimiter: ',', skipLines: 1")
    expect(said('"sep=;"\n', { delimiter: ';', header: false })).toBe("delimiter: ';', skipLines: 1")
    expect(said('SEP=\t\na\tb\n')).toBe("delimiter: '\\t', skipLines: 1")
    expect(said('sep=\\t\n')).toBe("delimiter: '\\t', skipLines: 1")
    expect(said('sep=;;;;\n')).toBe("delimiter: ';', skipLines: 1")
    for (const text of ['sep\n1\n', 'sep=ab\n', 'a,sep=,\n', '']) expect(said(text)).toBeUndefined()
    expect(said('sep=,\n', { comment: 'sep' })).toBeUndefined()
  })

  test('by quotes around each name is no part of the names', () => {
    const quoted = (text: string, options: ReadOptions = {}): ReturnType<typeof quoteDoubt> => {
      const resolved = resolveReadOptions('a.tsv', options)
      return quoteDoubt(firstRows(text, true, resolved), resolved)
    }
    expect(quoted('"id"\t"a ""b"" c"\n1\t"Anna"\n')).toEqual({
      why: 'each field of line 1 is in quotes, and in TSV these are part of it',
      try: [`quote: '"'`, "quote: '', if the quotes are part of the fields"],
    })
    expect(quoted('"id"\t"name"\n', { quote: '"' })).toBeNull()
    for (const text of ['"id"\tname\n', '"id","name"\n', 'id\n', '']) expect(quoted(text)).toBeNull()
  })

  test('is asked first, and unless the option that it is about is given', () => {
    const doubtOf = (text: string, given: ReadOptions, path = 'a.csv'): string | undefined =>
      headDoubt({ bytes: Buffer.from(text), whole: true }, given, resolveReadOptions(path, given))?.of
    expect(doubtOf('sep=;\na;b\n1;2\n', {})).toBe('skipLines')
    expect(doubtOf('sep=;\na;b\n1;2\n', { delimiter: ';', header: true })).toBe('skipLines')
    expect(doubtOf('sep=;\na;b\n1;2\n', { delimiter: ';', skipLines: 1 })).toBeUndefined()
    expect(doubtOf('"a"\t"b"\n1\t2\n', {}, 'a.tsv')).toBe('quote')
    expect(doubtOf('"a"\t"b"\n1\t2\n', { quote: '' }, 'a.tsv')).toBeUndefined()
    expect(doubtOf('a;b\n1;2\n', { delimiter: ',' })).toBeUndefined()
    const both = 'sep=;\n# a\n# b\na;b\n1;2\n'
    const head = { bytes: Buffer.from(both), whole: true }
    expect(headDoubt(head, {}, resolveReadOptions('a.csv', {}))).toMatchObject({
      of: 'skipLines',
      then: { of: 'delimiter' },
    })
  })
})
