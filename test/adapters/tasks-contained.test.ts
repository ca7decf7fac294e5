/** Hostile and careless user code, in real task processes: the task fails with a clear error, or sees nothing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Workshop } from './tasks-support.ts'

let shop: Workshop
beforeAll(async () => {
  shop = await Workshop.open()
})
afterAll(() => shop.close())

const job = (map: string, rest = ''): string =>
  `import { defineJob } from 'shoal/job'\nexport default defineJob({ input: 'data', map(line: string, ctx: any) { const { emit } = ctx;\n${map}\n}, ${rest} })`

/** The pool works on after whatever came before. */
const stillWorks = async (): Promise<void> => {
  const { records } = await shop.run(job('emit(line, 1)'), 'x\n')
  expect(records).toEqual([['x', 1]])
}

describe('what a process could do', () => {
  test('an endless loop ends as TASK_TIMEOUT, also a microtask loop and one in combine', async () => {
    for (const source of [
      job("if (line === 'b') for (;;);"),
      job('const again = (): unknown => Promise.resolve().then(again); return again()'),
      job('emit(1, 1)', 'combine: (a: number, b: number) => { for (;;); return a + b }'),
    ]) {
      const failure = await shop.failure(source, 'a\nb\n', { timeoutMs: 400 })
      expect(failure).toMatchObject({ blame: 'user', error: { code: 'TASK_TIMEOUT' } })
    }
    await stillWorks()
  })

  test('slow records are no endless loop', async () => {
    const slow = job('let n = 0; for (let i = 0; i < 3e7; i++) n += i % 3; emit(line, n)')
    const failure = await shop.map(await shop.job(slow), shop.file('a\n'.repeat(60)), { timeoutMs: 2000 })
    expect(failure.ok).toBe(true)
  })

  test('10 GB of buffers and a heap without end are TASK_MEMORY', async () => {
    for (const source of [
      job(
        'const all = []; for (let i = 0; i < 1000; i++) all.push(new Uint8Array(1e7).fill(i)); emit(line, all.length)',
      ),
      job('const all: unknown[] = []; for (let i = 0; ; i++) all.push({ i, text: `n${i}` })'),
    ]) {
      const failure = await shop.failure(source)
      expect(failure).toMatchObject({ blame: 'user', error: { code: 'TASK_MEMORY' } })
    }
    await stillWorks()
  })

  test('what Node has does not exist there', async () => {
    const names = ['process', 'require', 'Buffer', 'module', 'exports', '__filename', 'gc', 'global']
    const { records } = await shop.run(job('emit(line, new Function(`return typeof ${line}`)())'), names.join('\n'))
    expect(new Map(records as [string, string][])).toEqual(new Map(names.map((name) => [name, 'undefined'])))
  })

  test.each([
    ['process.exit', 'process.exit(0)'],
    ['killing the node', 'process.kill(process.ppid, "SIGKILL")'],
    ['a forged message', 'process.send({ type: "done", manifest: {} })'],
    ['reading a file', 'require("fs").readFileSync("/etc/passwd")'],
    ['a socket', 'require("net").connect(80)'],
    ['a child process', 'require("child_process").spawnSync("id")'],
    ['a database file outside', 'new (process.getBuiltinModule("node:sqlite").DatabaseSync)("/tmp/x.db")'],
  ])('%s is an error of the job', async (_, code) => {
    const failure = await shop.failure(job(`(0, eval)(${JSON.stringify(code)})`))
    expect(failure.blame).toBe('user')
    expect(failure.error.code).toBe('JOB_THREW')
    expect(failure.error.message).toMatch(/ReferenceError: (process|require) is not defined/)
    await stillWorks()
  })

  test('import() gives a text, directly, in eval and in a compiled function', async () => {
    const ways = ['import(line)', '(0, eval)(\'import("node:fs")\')', 'new Function(\'return import("node:fs")\')()']
    const all = ways.map(
      (way, i) =>
        `try { const p: any = ${way}; p.catch?.(() => 0); emit(${i}, typeof p) } catch (e) { emit(${i}, typeof e) }`,
    )
    const { records } = await shop.run(job(all.join('\n')), 'node:fs\n')
    expect(records).toEqual(ways.map((_, i) => [i, 'string']))
  })

  test('the zone of the host does not show', async () => {
    const source = job(
      'emit(line, [new Date(2025, 2, 30, 2, 30).getTime(), new Date(0).getTimezoneOffset(), Intl.DateTimeFormat().resolvedOptions().timeZone])',
    )
    const { records } = await shop.run(source, 'a\n')
    expect(records).toEqual([['a', [Date.UTC(2025, 2, 30, 2, 30), 0, 'UTC']]])
  })
})

describe('ways out of a realm', () => {
  /** Each expression, were it to find the host's Function or process, would say so. */
  const escapes: readonly [name: string, code: string][] = [
    ['the constructor of emit', 'return emit.constructor("return typeof process")()'],
    ['the constructor of a context', 'return ctx.constructor.constructor("return typeof process")()'],
    [
      'the prototype chain of every global function',
      `
      const seen = new Set<unknown>()
      const walk = (o: any, depth: number): boolean => {
        if ((typeof o !== 'object' && typeof o !== 'function') || o === null || seen.has(o) || depth > 8) return false
        seen.add(o)
        if (typeof o === 'function' && o !== Function.prototype && !(o instanceof Function)) return true
        if (typeof o === 'object' && Object.getPrototypeOf(o) !== null && !(o instanceof Object) && o !== Object.prototype) return true
        if (walk(Object.getPrototypeOf(o), depth + 1)) return true
        for (const key of Reflect.ownKeys(o)) {
          const d = Object.getOwnPropertyDescriptor(o, key)!
          for (const v of [d.value, d.get, d.set]) if (walk(v, depth + 1)) return true
          if (d.get) { let v; try { v = o[key] } catch (e) { v = e } if (walk(v, depth + 1)) return true }
        }
        return false
      }
      return String(walk(globalThis, 0) || walk(ctx, 0))`,
    ],
    [
      'errors of what was handed in',
      `
      const errors: any[] = []
      const tries = [() => emit(), () => emit(() => 0, 1), () => emit(1, { get x() { throw errors } }), () => ctx.counter({ toString() { throw 1 } }),
        () => ctx.counter('x').add(1.5), () => new URL('::'), () => atob('*'), () => new TextDecoder('no'), () => new TextEncoder().encode(Symbol() as any),
        () => structuredClone(() => 0), () => fetch('x'), () => Date.now(), () => new URLSearchParams(Symbol() as any)]
      for (const f of tries) try { f() } catch (e) { errors.push(e) }
      return errors.filter((e) => typeof e === 'object' && e !== errors && !(e instanceof Error)).length + ''`,
    ],
    [
      'a stack overflow inside a host function',
      `
      let found = 'inside'
      const dive = (): void => { try { dive() } catch (e: any) { if (!(e instanceof Error)) found = 'outside'; try { console.log('x'); new URL('http://a.b'); ctx.random() } catch (e2: any) { if (!(e2 instanceof Error)) found = 'outside' } throw e } }
      try { dive() } catch (e: any) { if (!(e instanceof RangeError)) found = 'outside' }
      return found`,
    ],
    [
      'call sites',
      `
      const sites: any[] = []
      ;(Error as any).prepareStackTrace = (_: unknown, s: any[]) => { sites.push(...s); return s }
      const text = new Error('x').stack
      return String(sites.length) + typeof text`,
    ],
    [
      'a replaced Error',
      'try { (globalThis as any).Error = { prepareStackTrace: (_: unknown, s: any) => s } } catch { return "refused" } return "replaced"',
    ],
    [
      'the caller of a call',
      'return String((function f(this: unknown) { try { return (f as any).caller } catch { return null } })())',
    ],
    [
      'a thenable',
      `
      let got = 'nothing'
      const p: any = { then(resolve: any) { got = String(resolve instanceof Function); resolve() } }
      return (async () => { await p; return got })()`,
    ],
    [
      'a promise with a species',
      `
      class P extends Promise<unknown> { static override get [Symbol.species]() { return P } }
      return new P((r) => r(1)).then(() => 'ok')`,
    ],
    [
      'compiling in the background',
      'return typeof (WebAssembly as any).compileStreaming + typeof (WebAssembly as any).instantiateStreaming',
    ],
    [
      'shared memory, weak references',
      "return ['SharedArrayBuffer', 'Atomics', 'WeakRef', 'FinalizationRegistry', 'gc', 'ShadowRealm'].filter((n) => n in globalThis).join()",
    ],
  ]
  const answers: Readonly<Record<string, string>> = {
    'the constructor of emit': 'undefined',
    'the constructor of a context': 'undefined',
    'the prototype chain of every global function': 'false',
    'errors of what was handed in': '0',
    'a stack overflow inside a host function': 'inside',
    'call sites': '0string',
    'a replaced Error': 'refused',
    'the caller of a call': 'null',
    'a thenable': 'true',
    'a promise with a species': 'ok',
    'compiling in the background': 'undefinedundefined',
    'shared memory, weak references': '',
  }
  test.each(escapes)('%s', async (name, code) => {
    // What is found leaves by the log: an emit that was refused fails the task, as it should.
    const source = job(
      `const f = (): any => { ${code} }\nconst r = f(); const tell = (x: unknown) => console.log('found ' + x)\nif (r?.then) return r.then(tell); tell(r)`,
    )
    const end = await shop.map(await shop.job(source), shop.file('a\n'))
    expect(/found (.*)\n/.exec(end.log)?.[1]).toBe(answers[name])
  })
})

describe('tampered intrinsics', () => {
  test('a replaced Array.prototype.push and others change no record', async () => {
    const tamper = `
      let lying = false
      const tamper = () => {
      if (lying) return
      lying = true
      const lie = () => { throw new Error('tampered') }
      const all: any = [[Array.prototype, ['push', 'map', 'slice', 'join', Symbol.iterator]], [Object.prototype, ['toString', 'hasOwnProperty']],
        [String.prototype, ['slice', 'charCodeAt', 'startsWith']], [Map.prototype, ['get', 'set']], [Promise.prototype, ['then']], [Uint8Array.prototype.__proto__, ['set', 'fill']],
        [JSON, ['parse', 'stringify']], [Reflect, ['apply', 'ownKeys']], [Object, ['keys', 'freeze', 'defineProperty']], [Function.prototype, ['call', 'apply', 'bind']]]
      for (let i = 0; i < all.length; i++) for (let j = 0; j < all[i][1].length; j++) all[i][0][all[i][1][j]] = lie
      Reflect.defineProperty(Object.prototype, 'then', { get: () => undefined, configurable: true })
      Reflect.defineProperty(Array.prototype, '0', { set: lie, configurable: true })
      }`
    const source = `import { defineJob } from 'shoal/job'\n${tamper}\nexport default defineJob({ input: 'd', map(r: any, { emit, counter, random }: any) { tamper(); counter('n').add(1); random(); emit(r.k, { v: r.v, list: [r.v, 1n], d: new Date(5) }) },
      reduce(k: any, vs: any, { emit }: any) { tamper(); let n = 0; let it = vs.next(); while (!it.done) { n += it.value.v + Number(it.value.list[1]); it = vs.next() } emit(k, n) } })`
    const { records, map } = await shop.run(source, '{"k":"a","v":1}\n{"k":"b","v":5}\n{"k":"a","v":2}\n', {
      name: 'x.ndjson',
    })
    expect(records).toEqual([
      ['a', 5],
      ['b', 6],
    ])
    expect(map.counters).toEqual({ n: 3 })
  })

  test('state of the module does not outlive a split', async () => {
    const source = `import { defineJob } from 'shoal/job'\nconst seen = new Set<string>()\n;(globalThis as any).n ??= 0\nexport default defineJob({ input: 'd', map(line: string, { emit }: any) { (globalThis as any).n++; if (!seen.has(line)) emit(line, (globalThis as any).n); seen.add(line) } })`
    const lines = 'a\na\na\na\n'
    const splits = [
      { start: 0, end: 4 },
      { start: 4, end: 8 },
    ]
    const { records } = await shop.run(source, lines, { splits })
    expect(records).toEqual([
      ['a', 1],
      ['a', 1],
    ])
  })
})
