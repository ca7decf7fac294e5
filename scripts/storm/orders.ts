/** What the storms compute: made-up orders, three jobs over them, and the answer of each by a plain loop. */
import { seeded } from '../bench/random.ts'

/** A job whose answer is known: `salt` makes each submission a job of its own. */
export interface Question {
  readonly kind: Kind
  readonly dataset: 'orders' | 'mirrored'
  readonly salt: number
}

/** Sums with a combiner; values whose order shows; one order over all parts. */
export const KINDS = ['sums', 'order', 'sorted'] as const
export type Kind = (typeof KINDS)[number]

/** Records as a result has them, in partition order. */
export type Answer = readonly (readonly [key: unknown, value: unknown])[]

/** Files by path: `lines` orders each. */
export function makeOrders(seed: number, files: number, lines: number): Record<string, string> {
  const random = seeded(seed)
  const made: Record<string, string> = {}
  for (let file = 0; file < files; file++) {
    const texts: string[] = []
    for (let line = 0; line < lines; line++) {
      const order = { id: file * lines + line, user: `user-${random.below(997)}`, cents: random.below(100_000) }
      texts.push(JSON.stringify(order))
    }
    made[`day-${String(file).padStart(3, '0')}.ndjson`] = `${texts.join('\n')}\n`
  }
  return made
}

const HEAD = `import { defineJob } from 'shoal/job'\n`

export const SOURCES: Readonly<Record<Kind, string>> = {
  sums: `${HEAD}export default defineJob({
  input: 'orders/*.ndjson',
  params: { salt: '0' },
  map({ user, cents }, { emit, params }) { emit(user + '/' + params.salt, cents) },
  combine: (a, b) => a + b,
  reduce(user, all, { emit }) { let sum = 0; for (const cents of all) sum += cents; emit(user, sum) },
})
`,
  order: `${HEAD}export default defineJob({
  input: 'orders/*.ndjson',
  params: { salt: '0' },
  map({ id, user }, { emit, params }) { emit(user, id + Number(params.salt)) },
  reduce(user, ids, { emit }) {
    let hash = 0
    let count = 0
    for (const id of ids) { hash = (Math.imul(hash, 31) + id) | 0; count++ }
    emit(user, [count, hash])
  },
})
`,
  sorted: `${HEAD}export default defineJob({
  input: 'orders/*.ndjson',
  params: { salt: '0' },
  sort: true,
  map({ id, cents }, { emit, params }) { if (id % 7 === Number(params.salt) % 7) emit(cents + Number(params.salt), id) },
})
`,
}

interface Order {
  readonly id: number
  readonly user: string
  readonly cents: number
}

/** All orders by path and line: the order in which values of one key come. */
export function ordersOf(files: Readonly<Record<string, string>>): Order[] {
  return Object.entries(files)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, text]) =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Order),
    )
}

/** The answer, by keys; of `sorted` in its one order. Nothing of Shoal takes part. */
export function expected({ kind, salt }: Question, orders: readonly Order[]): Answer {
  if (kind === 'sorted') {
    const some = orders.filter(({ id }) => id % 7 === salt % 7)
    return some.map(({ id, cents }): [number, number] => [cents + salt, id]).sort((a, b) => a[0] - b[0])
  }
  const found = new Map<string, number | [number, number]>()
  for (const { id, user, cents } of orders) {
    if (kind === 'sums') {
      const key = `${user}/${salt}`
      found.set(key, ((found.get(key) as number | undefined) ?? 0) + cents)
    } else {
      const [count, hash] = (found.get(user) as [number, number] | undefined) ?? [0, 0]
      found.set(user, [count + 1, (Math.imul(hash, 31) + id + salt) | 0])
    }
  }
  return byKey([...found])
}

/** Whether a result is the answer; where not, the first difference. */
export function difference(question: Question, result: Answer, answer: Answer): string | null {
  const got = question.kind === 'sorted' ? result : byKey(result)
  if (got.length !== answer.length) return `${got.length} records instead of ${answer.length}`
  const at = got.findIndex((record, i) => JSON.stringify(record) !== JSON.stringify(answer[i]))
  return at < 0 ? null : `record ${at} is ${JSON.stringify(got[at])} instead of ${JSON.stringify(answer[at])}`
}

function byKey(records: Answer): Answer {
  return records.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))
}
