/** What is expected of each folder of `test/fixtures/odd-files`: an answer, or a refusal that says what to do. */

export interface OddFiles {
  /** The folder, and the dataset. */
  readonly data: string
  /** Options of the input, as they stand in a job. */
  readonly input?: string
  /** Body of map, over `record`, with `emit` and `counter`. */
  readonly map: string
  readonly answer?: readonly (readonly [key: unknown, value: unknown])[]
  readonly refused?: { readonly exit: 1 | 2; readonly code: string; readonly says: readonly RegExp[] }
}

const SUM = 'emit(record.city, Number(record.amount))'
const CITIES = 'emit(record.city, 1)'
const ROWS = 'emit(JSON.stringify(record), 1)'
const COUNT = "emit('n', 1)"
const WORDS = "for (const word of record.split(' ')) emit(word, 1)"
const SUBS = 'emit(record.sub, 1)'
/** `i` of 0 … 19999, in s0 … s6 by i % 7. */
const SEVENTHS = [0, 1, 2, 3, 4, 5, 6].map((i): [string, number] => [`s${i}`, i === 0 ? 2858 : 2857])
const kind = (...says: RegExp[]) => ({ exit: 2, code: 'FILE_KIND', says }) as const
const bad = (...says: RegExp[]) => ({ exit: 1, code: 'BAD_RECORD', says }) as const

export const ODD_FILES: readonly OddFiles[] = [
  {
    ...{ data: 'cr-csv', map: SUM },
    answer: [
      ['Bergen', 20],
      ['Oslo', 15],
    ],
  },
  {
    ...{ data: 'cr-text', map: `${WORDS}; emit('lines', 1)` },
    answer: [
      ['cat', 1],
      ['dog', 1],
      ['end', 1],
      ['lines', 3],
      ['the', 3],
    ],
  },
  { data: 'own-output', map: 'emit(typeof record, 1)', answer: [['object', 2]] },
  {
    ...{ data: 'suffix-bz2', map: SUM },
    refused: kind(
      /a\.csv\.bz2 looks like bzip2/,
      /b\.csv\.xz looks like xz/,
      /c\.csv\.zip looks like a zip/,
      /bunzip2/,
    ),
  },
  { data: 'suffix-json', map: SUM, answer: [['Oslo', 45]] },
  { data: 'suffix-jsonarray', map: SUM, answer: [['Oslo', 6]] },
  { data: 'suffix-noext', map: 'emit(record.length > 5 ? "long" : "short", 1)', answer: [['long', 101]] },
  { data: 'suffix-noext', input: "format: 'csv'", map: SUM, answer: [['Oslo', 4950]] },
  { data: 'suffix-bgz', map: SUM, answer: [['Oslo', 4950]] },
  { data: 'suffix-gzip-suffix', map: SUM, answer: [['Oslo', 4950]] },
  {
    ...{ data: 'suffix-json-mixed', map: SUM },
    answer: [
      ['Bergen', 4],
      ['Oslo', 2],
    ],
  },
  {
    ...{ data: 'backslash', map: 'emit(record.id, [record.name, record.price])' },
    refused: bad(/mysql\.csv:2/, /escaped with a backslash/, /escape: '\\\\'/),
  },
  {
    ...{ data: 'backslash', input: "escape: '\\\\'", map: 'emit(record.id, [record.name, record.price])' },
    answer: [
      ['1', ['TV 50"', '100']],
      ['2', ['Radio', '50']],
      ['3', ['a "b" c', '7']],
    ],
  },
  {
    ...{ data: 'backslash-rfc', map: 'emit(record.id, [record.name, record.price])' },
    answer: [
      ['1', ['path C:\\', '100']],
      ['2', ['path D:\\', '50']],
      ['3', ['plain', '7']],
    ],
  },
  {
    ...{ data: 'utf16-bom', map: CITIES },
    answer: [
      ['Oslo', 1],
      ['Tromsø', 1],
    ],
  },
  {
    ...{ data: 'utf16-nobom', map: CITIES },
    answer: [
      ['Bergen', 1],
      ['Oslo', 2],
    ],
  },
  {
    ...{ data: 'utf16-be', map: CITIES },
    answer: [
      ['Bergen', 1],
      ['Oslo', 2],
    ],
  },
  ...['utf16-text', 'utf16-bomtext'].map((data) => ({
    ...{ data, map: WORDS },
    answer: [
      ['cat', 1],
      ['dog', 1],
      ['the', 2],
    ] as const,
  })),
  {
    ...{ data: 'cp1252', map: 'emit(record.item, record.price)' },
    refused: bad(/a\.csv:2/, /not valid UTF-8/, /windows-1252/),
  },
  ...["encoding: 'latin1'", "encoding: 'windows-1252'"].map((input) => ({
    ...{ data: 'cp1252', input, map: 'emit(record.item, record.price)' },
    answer: [
      ['Café “Zoë”', '€5'],
      ['Smith’s', '€7'],
    ] as const,
  })),
  { data: 'zstd-window', map: SUBS, answer: SEVENTHS },
  { data: 'zstd-skippable', map: SUBS, answer: SEVENTHS },
  { data: 'zstd-dictionary', map: SUBS, refused: kind(/dictionary/, /zstd -d -D/) },
  {
    ...{ data: 'one-column', map: "emit(record.score === '' ? 'null' : 'value', 1)" },
    answer: [
      ['null', 3],
      ['value', 3],
    ],
  },
  { data: 'json-array', map: COUNT, answer: [['n', 2]] },
  { data: 'json-concat', map: COUNT, answer: [['n', 3]] },
  { data: 'json-pretty', map: COUNT, answer: [['n', 2]] },
  { data: 'json-rs', map: COUNT, answer: [['n', 2]] },
  { data: 'json-single', map: COUNT, refused: kind(/one JSON array/, /format: 'json'/, /format: 'ndjson'/) },
  { data: 'json-single', input: "format: 'json'", map: COUNT, answer: [['n', 3]] },
  { data: 'json-single', input: "format: 'ndjson'", map: COUNT, answer: [['n', 1]] },
  { data: 'json-nan', map: COUNT, refused: bad(/n\.ndjson:2/, /NaN/) },
  { data: 'json-esc', map: COUNT, refused: bad(/e\.ndjson:2/) },
  {
    ...{ data: 'preamble-comment', map: ROWS },
    answer: [
      ['{"a":"#3","b":"4"}', 1],
      ['{"a":"1","b":"2"}', 1],
      ['{"a":"5","b":"6"}', 1],
    ],
  },
  {
    ...{ data: 'preamble-comment', input: "comment: '#'", map: ROWS },
    answer: [
      ['{"a":"1","b":"2"}', 1],
      ['{"a":"5","b":"6"}', 1],
    ],
  },
  { data: 'preamble-hash', map: ROWS, refused: kind(/co2\.csv/, /comment: '#'/) },
  ...["comment: '#'", 'skipLines: 2'].map((input) => ({
    ...{ data: 'preamble-hash', input, map: ROWS },
    answer: [
      ['{"year":"1959","mean":"315.98"}', 1],
      ['{"year":"1960","mean":"316.91"}', 1],
    ] as const,
  })),
  { data: 'preamble-prose', input: "delimiter: ';'", map: ROWS, refused: kind(/bank\.csv/, /skipLines: 2/) },
  {
    ...{ data: 'preamble-prose', input: "delimiter: ';', skipLines: 2", map: ROWS },
    answer: [
      ['{"day":"1","amount":"10,50","note":"a"}', 1],
      ['{"day":"2","amount":"5,25","note":"b"}', 1],
    ],
  },
  { data: 'excel-sep', input: "delimiter: ';'", map: ROWS, refused: kind(/sep=;/, /skipLines: 1/) },
  { data: 'excel-decimal', map: ROWS, refused: kind(/another delimiter/, /delimiter: ';'/) },
  { data: 'excel-decimal', input: "header: false, columns: ['a', 'b']", map: ROWS, refused: kind(/delimiter: ';'/) },
  { data: 'excel-quoted', map: ROWS, refused: kind(/in quotes/, /quote: '"'/) },
  ...[
    ['excel-sep', "delimiter: ';', skipLines: 1"],
    ['excel-decimal', "delimiter: ';', header: false, columns: ['city', 'amount'], skipLines: 1"],
  ].map(([data, input]) => ({
    ...{ data: data!, input: input!, map: ROWS },
    answer: [
      ['{"city":"Bergen","amount":"2,75"}', 1],
      ['{"city":"Oslo","amount":"1,50"}', 1],
    ] as const,
  })),
]
