/** Whatever a job does with its stack: nothing of the host's realm comes into its reach. */
import { describe, expect, test } from 'vitest'
import { compileJob, makeRealm } from '../../src/task/realm.ts'
import { type Calls, MARKS, NO_CALLS, UserCode } from '../../src/task/user-code.ts'
import { makeWebHost } from '../../src/task/web-host.ts'

const REPORTER = {
  ...{ records: 0, bytes: 0, enter: () => undefined, moved: () => undefined },
  tick: () => Number.MAX_SAFE_INTEGER,
}
const table = new Map<unknown, number>([['yes', 1]])
// Short ones: so the stack is full now in the host's part, now at the border.
const CALLS: Calls = {
  ...NO_CALLS,
  emit: (key, value) => void JSON.stringify([key, value]),
  seed: () => 'a'.repeat(32),
  find: (_, key) => (table.has(key) ? 0 : -1),
  found: () => 1,
  sideKey: (_, record) => (record < 1 ? 'yes' : MARKS.end),
  sideValue: () => 1,
}

/** What a job finds that calls this at each depth of its stack, from the deepest on: a counter for each kind of thing. */
function foundBy(call: string): string {
  const bundle = `"use strict"; globalThis.__shoal_job = { default: { map(record, ctx) {
    let got = null
    for (let i = 0; i < 50; i++) ctx.side.t.has('no')
    const counter = ctx.counter('foreign')
    const look = (e) => { if (typeof e === 'object' && e !== null && !(e instanceof Error)) got ??= e }
    function rec() {
      try { rec() } catch (e) { look(e) }
      if (got === null) { try { ${call} } catch (e) { look(e) } }
    }
    try { rec() } catch (e) { look(e) }
    globalThis.foreign = got !== null
  } } }`
  const scripts = compileJob(bundle)
  const realms: ReturnType<typeof makeRealm>[] = []
  const job = { params: {}, maySkip: false, sourceMap: () => null, share: () => null }
  const user = new UserCode(
    {
      ...job,
      open: (outside) => {
        const realm = makeRealm(
          makeWebHost(() => undefined),
          outside,
          MARKS,
        )
        realms.push(realm)
        return { ...realm, load: () => realm.run(scripts) }
      },
    },
    CALLS,
    REPORTER,
    { stage: '', alias: '', needs: ['map'] },
  )
  user.begin({ call: 'map', shard: null, sides: [{ alias: 't', unique: false }] })
  void user.map({ length: 1, record: () => 1, bad: () => '', place: () => '', raw: () => '' }, 0)
  return String(realms[0]!.run(compileJob('globalThis.__shoal_job = globalThis.foreign')))
}

describe('a call whose stack is full', () => {
  test.each([
    ['emit', "ctx.emit('k', 1)"],
    ['random', 'ctx.random()'],
    ['a look-up', "ctx.side.t.get('yes')"],
    ['has', "ctx.side.t.has('yes')"],
    ['a loop over a side', 'for (const pair of ctx.side.t) break'],
    ['a counter', 'counter.add()'],
  ])('gives no error of the host: %s', (_, call) => {
    expect(foundBy(call)).toBe('false')
  })
})
