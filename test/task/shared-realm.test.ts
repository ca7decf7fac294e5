/** A realm that splits share: nothing in it can be changed, and what comes of it is what comes of realms of their own. */
import { createHash } from 'node:crypto'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import vm from 'node:vm'
import { afterAll, describe, expect, test } from 'vitest'
import { bundleJob } from '../../src/adapters/esbuild/bundle.ts'
import type { Listing } from '../../src/core/plan/files.ts'
import type { Digest } from '../../src/core/types.ts'
import type { TaskContext } from '../../src/task/context.ts'
import { codeInRealms } from '../../src/task/job-realms.ts'
import { loadJob } from '../../src/task/load-job.ts'
import { runMap } from '../../src/task/map.ts'
import { mayShare } from '../../src/task/may-share.ts'
import type { TaskMessage } from '../../src/task/protocol.ts'
import { SharedRealm } from '../../src/task/realm.ts'
import { Reporter } from '../../src/task/reporter.ts'
import { ShardRecords } from '../../src/task/shard-records.ts'
import { openFile, slotFiles } from '../../src/task/slot-files.ts'
import { MARKS, NO_CALLS } from '../../src/task/user-code.ts'
import { makeWebHost } from '../../src/task/web-host.ts'

const outside = { ...NO_CALLS, emit: () => true, failure: () => '', tick: () => 1, settled: () => undefined }

/** A realm whose code is the function's body; `call` evaluates it, as the next split does. */
function shared(body: string): { call: () => unknown } {
  const module = new vm.Script(`(function () { 'use strict'; ${body} })`)
  const realm = new SharedRealm(
    makeWebHost(() => undefined),
    MARKS,
    module,
  )
  return { call: () => realm.next(outside).run({ script: module, module }) }
}

/** Something of each kind that syntax and calls make: what stands behind it is the realm's. */
const MADE = [
  ...['{}', '[]', '/a/g', '1n', '1', 'true', "''", 'Symbol()', '(function () { return arguments })()', '`${1}`'],
  ...['() => 0', 'function () {}', 'function* () {}', 'async () => 0', 'async function* () {}', 'class {}'],
  ...['(async () => 0)()', '((a) => a)`x`', '(() => 0).bind()'],
  ...['[].values()', "''[Symbol.iterator]()", 'new Map().keys()', 'new Set().values()', "'a'.matchAll(/a/g)"],
  ...[
    '[].values().map((x) => x)',
    '[].values().flatMap((x) => [x])',
    'Iterator.from({ next() {} })',
    'Iterator.from([])',
  ],
  ...['new Intl.Segmenter().segment("a")', 'new Intl.Segmenter().segment("a")[Symbol.iterator]()'],
  ...['new Intl.NumberFormat()', 'new Intl.DateTimeFormat().resolvedOptions()', 'new Intl.Locale("en")'],
  ...['new Date(0)', 'new Error()', 'new Map()', 'new WeakMap()', 'new Proxy({}, {})', 'Promise.withResolvers()'],
  ...['new Uint8Array(1)', 'new DataView(new ArrayBuffer(1))', 'new DisposableStack()', 'new AsyncDisposableStack()'],
  ...[
    'Temporal.Instant.fromEpochMilliseconds(0)',
    'new Date(0).toTemporalInstant()',
    'Temporal.PlainDate.from("2026-01-01")',
  ],
  ...['new URL("http://a.b")', 'new URLSearchParams("a=1").entries()', 'new TextEncoder()', 'new TextDecoder()'],
  ...['new WebAssembly.Memory({ initial: 1 })', 'new WebAssembly.Table({ initial: 1, element: "anyfunc" })'],
  ...['"a".normalize()', 'Object.groupBy([1], () => 1)', '/(?<a>.)/d.exec("x")', 'JSON.rawJSON("1")', 'String.raw`a`'],
  ...['Array.fromAsync([])', 'structuredClone({})', '[1].entries().next()', 'globalThis'],
]

describe('in a realm that splits share', () => {
  test('all that code can reach and has not made is frozen', () => {
    const { call } = shared(`
      const own = new Set()
      const made = [${MADE.map((code) => `() => (${code})`).join(',\n')}]
      const open = []
      const seen = new Set()
      const walk = (value, path) => {
        if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return
        seen.add(value)
        const isFixed = (key) => {
          const { configurable, writable } = Reflect.getOwnPropertyDescriptor(value, key)
          return !configurable && writable !== true
        }
        // Object.isFrozen ends an attempt here.
        const isFrozen = !Reflect.isExtensible(value) && Reflect.ownKeys(value).every(isFixed)
        if (!own.has(value) && !isFrozen) open.push(path)
        walk(Object.getPrototypeOf(value), path + '.__proto__')
        for (const key of Reflect.ownKeys(value)) {
          // What was just made has own properties that are new, too.
          if (own.has(value) && !['constructor', 'callee'].includes(key)) continue
          const { value: v, get, set } = Object.getOwnPropertyDescriptor(value, key)
          walk(v, path + '.' + String(key)); walk(get, path + '.get ' + String(key)); walk(set, path + '.set ' + String(key))
        }
      }
      made.forEach((make, i) => {
        const value = make()
        const isNew = (typeof value === 'object' || typeof value === 'function') && value !== globalThis
        if (isNew) own.add(value)
        if (typeof value === 'function' && value.prototype) own.add(value.prototype)
        walk(isNew ? value : Object.getPrototypeOf(Object(value)), String(i))
        walk(value === globalThis ? value : null, 'globalThis')
      })
      // The prototypes of these are their functions' own.
      for (const made of [(function* () {})(), (async function* () {})()])
        walk(Object.getPrototypeOf(Object.getPrototypeOf(made)), 'generator')
      return JSON.stringify({ open, reached: seen.size })`)
    const { open, reached } = JSON.parse(call() as string) as { open: string[]; reached: number }
    expect(open).toEqual([])
    expect(reached).toBeGreaterThan(1_000)
  })

  test.each([
    ['a global', 'globalThis.n = (globalThis.n ?? 0) + 1', 'globalThis.n'],
    ['a global by a function', '(0, eval)("var n = 1")', 'typeof n'],
    ['a property of Object.prototype', 'Object.prototype.n = 1', '({}).n'],
    ['by a key of the data', 'const o = {}; o["__proto__"]["n"] = 1', '({}).n'],
    ['a defined property', 'Object.defineProperty(Array.prototype, "n", { value: 1 })', '[].n'],
    ['a set property', 'Reflect.set(Math, "n", 1)', 'Math.n'],
    ['a replaced method', 'Array.prototype.map = () => "mine"', '[1].map((x) => x).length'],
    ['a removed method', 'delete Array.prototype.map', 'typeof [].map'],
    ['a prototype', 'Object.setPrototypeOf(Array.prototype, { n: 1 })', '[].n'],
    ['a property of a function', 'parseInt.n = 1', 'parseInt.n'],
    ['an element of Array.prototype', 'Array.prototype.push.call(Array.prototype, 1)', '[].length + [][0]'],
    ['a property of what is never named', 'Object.getPrototypeOf([].values()).n = 1', '[].values().n'],
    ['the same of generators', 'Object.getPrototypeOf(function* () {}).n = 1', '(function* () {}).n'],
    ['the last match', '/(a)/.exec("a")', 'RegExp.$1'],
    ['all of the last match', '/(a)/.exec("bac")', 'RegExp["$`"] + RegExp.lastMatch + RegExp.input'],
    ['the length of stacks', 'Error.stackTraceLimit = 3', 'Error.stackTraceLimit'],
    ['how errors are shown', 'Error.prepareStackTrace = () => 1', 'typeof new Error().stack'],
    ['the console', 'console.n = 1', 'console.n'],
    ['a class of the web', 'URL.prototype.n = 1; URL.n = 1', 'new URL("http://a.b").n ?? URL.n'],
    ['a symbol of all realms', 'Symbol.for("n").n = 1', 'Symbol.for("n").n'],
    [
      'a private field',
      'class A { constructor(o) { return o } } class B extends A { #n = 1; static has(o) { return #n in o } } new B(Math)',
      'class A { constructor(o) { return o } } class B extends A { #n = 1; static has(o) { return #n in o } } B.has(Math)',
    ],
    ['Temporal', 'Temporal.Now.n = 1', 'Temporal.Now.n'],
    ['WebAssembly', 'WebAssembly.n = 1; WebAssembly.compile.n = 1', 'WebAssembly.n ?? WebAssembly.compile.n'],
    ['a tag', 'const tag = (t) => t; const at = () => tag`x`; at().n = 1', '((t) => t)`x`.n'],
  ])('nothing outlives a split: %s', (_, write, look) => {
    const last = look.lastIndexOf('} ')
    const [before, expression] = last < 0 ? ['', look] : [look.slice(0, last + 1), look.slice(last + 2)]
    const body = `
      const look = () => { ${before}; try { return String(${expression}) } catch (e) { return String(e) } }
      const before = look()
      try { (() => { ${write} })() } catch {}
      return before`
    const { call } = shared(body)
    const first = call()
    expect([call(), call()]).toEqual([first, first])
  })

  test('a module is evaluated anew for each split', () => {
    const { call } = shared('let n = 0; const seen = new Map(); return String(++n) + seen.set(n, 1).size')
    expect([call(), call()]).toEqual(['11', '11'])
  })
})

const folder = mkdtempSync(join(tmpdir(), 'shoal-shared-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let made = 0

const jobOf = (map: string, before = '', rest = ''): string =>
  `import { defineJob } from 'shoal/job'\n${before}\nexport default defineJob({ input: 'd', map(line: any, ctx: any) { const { emit } = ctx;\n${map}\n}, ${rest} })`

interface Mapped {
  readonly shares: boolean
  readonly outcome: string
  readonly files: Readonly<Record<string, string>>
}

/** Maps twelve small files, in a shared realm if it may be, or surely not. */
async function mapped(source: string, sharing: boolean, extra: readonly string[] = []): Promise<Mapped> {
  const home = join(folder, String(made++))
  for (const name of ['in', 'out']) mkdirSync(join(home, name), { recursive: true })
  writeFileSync(join(home, 'source.ts'), source)
  const { code: text } = await bundleJob(join(home, 'source.ts'))
  writeFileSync(join(home, 'job.js'), text)
  const code = createHash('sha256').update(text).digest('hex') as Digest
  const job = loadJob(home, code)
  const splits = Array.from({ length: 12 }, (_, i) => {
    const path = join(home, `${i}.txt`)
    writeFileSync(path, [`u${i % 3}\t${i}`, `u${i % 5}\t${i * i}`, ...extra].join('\n'))
    symlinkSync(path, join(home, 'in', `s${i}`))
    const { size } = statSync(path)
    const place = { file: `s${i}`, alias: '', dataset: 'd', path: `${i}.txt`, size, start: 0, end: size }
    return { ...place, headerBytes: 0, options: {}, rowGroups: false, witness: '' }
  })
  const messages: TaskMessage[] = []
  const reporter = new Reporter({
    send: (message) => void messages.push(message),
    now: () => 0,
    check: () => undefined,
  })
  const loaded = sharing ? job : { ...job, module: null }
  const input = join(home, 'in')
  const reading = { folder: input, packed: [], windows: 8e6, reporter }
  const context: TaskContext = {
    job: codeInRealms(loaded, {}, (log) => reporter.log(log)),
    ...{ code, arena: 8e6, sides: 8e6, records: (one) => new ShardRecords(reading, one) },
    input: (name) => openFile(join(input, name)),
    ...{ files: slotFiles(join(home, 'out')), reporter, attend: () => undefined },
  }
  const work = { kind: 'map', splits, partitions: 3, bounds: null, combine: /combine/.test(source) } as const
  const outcome = await runMap(context, {
    ...work,
    onBadRecord: 'fail',
    stage: '',
    part: null,
    sides: [],
    sortValues: false,
    map: true,
    edges: 0,
    upstream: [],
  }).then(
    (listing: Listing) => JSON.stringify({ listing, records: reporter.records, bytes: reporter.bytes }),
    (error: { error?: unknown; message: string; place?: string }) => `${error.message} at ${error.place}`,
  )
  const files = readdirSync(join(home, 'out')).map((name) => [name, readFileSync(join(home, 'out', name), 'hex')])
  return { shares: job.module !== null, outcome, files: Object.fromEntries(files) as Record<string, string> }
}

describe('what comes of a shared realm is what comes of realms of their own', () => {
  test.each([
    [
      'sums',
      true,
      jobOf("const [u, n] = line.split('\\t'); emit(u, BigInt(n))", '', 'combine: (a: any, b: any) => a + b'),
    ],
    [
      'state of a module',
      true,
      jobOf('emit(line, [n++, seen.size]); seen.add(line)', 'let n = 0; const seen = new Set()'),
    ],
    ['counters, random numbers', true, jobOf("ctx.counter('all').add(); emit(line, ctx.random())")],
    [
      'skips, and what is closed because of them',
      false,
      jobOf(
        "if (line.includes('4')) for (const _ of endless) ctx.skip('four'); emit(line, (Math as any).n ?? 0)",
        'const endless = { [Symbol.iterator]: () => ({ next: () => ({ value: 1, done: false }), return() { (Math as any).n = ((Math as any).n ?? 0) + 1; return {} } }) }',
      ),
    ],
    [
      'what a function is given',
      true,
      jobOf('emit(line, typeof arguments)').replace('map(line: any, ctx: any) {', 'map: (line: any, ctx: any) => {'),
    ],
    [
      'a reviver that changes what it holds',
      true,
      jobOf(
        "JSON.parse('{\"a\":1,\"b\":2}', function (k, v) { if (k === 'a') this.b = performance; return k === 'now' ? undefined : v }); emit(line, typeof performance.now)",
      ),
    ],
    ['plain JSON', true, jobOf('emit(line, JSON.parse(\'{"a":[1,2]}\'))')],
    [
      'an error that is copied',
      false,
      jobOf(
        "structuredClone(new Odd('x')); emit(line, (Math as any).n ?? 0)",
        "class Odd extends Error { override toString() { (Math as any).n = ((Math as any).n ?? 0) + 1; return 'odd' } }",
      ),
    ],
    [
      'code of texts, by another way',
      true,
      jobOf(
        "const F = ((() => 0) as any)[['con', 'structor'].join('')]; emit(line, F('Object.prototype.n = (Object.prototype.n|0)+1; return ({}).n|0')())",
      ),
    ],
    [
      'what is frozen, by another way',
      true,
      jobOf(
        "const is = Object.getOwnPropertyNames(Object).find((n) => n.endsWith('Frozen'))!; emit(line, (Object as any)[is](Math))",
      ),
    ],
    ['what is of the shard', true, jobOf('emit(ctx.shard.path, line)')],
    ['regular expressions', true, jobOf('const m = /^u(?<n>\\d)\\t/.exec(line); emit(m?.groups?.n ?? "", line)')],
    ['a write to a prototype', true, jobOf('(Array.prototype as any).last = 1; emit(line, [1].length)')],
    [
      'an inherited name that is assigned',
      true,
      jobOf('const o: any = {}; o.toString = 1; emit(line, Object.keys(o))'),
    ],
    [
      'a key that Object.prototype has',
      true,
      jobOf("const o: any = {}; o['valueOf'] = (o['valueOf'] ?? '') + line; emit(line, o.valueOf)"),
    ],
    ['an error late in the task', true, jobOf("if (line.includes('121')) throw new Error('no'); emit(line, 1)")],
    [
      'an error caught',
      false,
      jobOf('let n = 0; try { (Math as any).n = 1; n = (Math as any).n } catch { n = 2 }; emit(line, n)'),
    ],
    ['what is frozen', false, jobOf('emit(line, Object.isFrozen(Math))')],
    ['a regular expression of a text', true, jobOf("emit(new RegExp('u(\\\\d)').exec(line)?.[1] ?? '', line)")],
    ['the last match', false, jobOf('/u(\\d)/.exec(line); emit(line, RegExp.$1)')],
    ['promises', false, jobOf('return Promise.resolve().then(() => emit(line, 1))')],
    ['asynchronous maps', false, jobOf('emit(line, 1)').replace('map(', 'async map(')],
  ])('%s', async (_, shares, source) => {
    const [together, apart] = [await mapped(source, true), await mapped(source, false)]
    expect(together).toEqual(apart)
    expect(together.shares).toBe(shares)
  })

  test('files of a task that was begun in vain are gone', async () => {
    // Enough records for files of their own before the error.
    const source = jobOf(
      "if (line.includes('11')) (Array.prototype as any).x = 1; for (let i = 0; i < 10000; i++) emit(i + line, i)",
    )
    const [together, apart] = [await mapped(source, true), await mapped(source, false)]
    expect(together).toEqual(apart)
  })

  test('a bundle that is not strict, or of another form, shares nothing', () => {
    expect(mayShare('var __shoal_job=(()=>{})();')).toBe(false)
    expect(mayShare('"use strict";\nvar __shoal_job=(()=>{})();')).toBe(false)
  })
})
