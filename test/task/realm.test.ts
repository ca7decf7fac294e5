/** The globals that a realm has of its own, against those of Node. */
import vm from 'node:vm'
import { assert, base64String, constantFrom, oneof, property, string, tuple, webUrl } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { makeRealm } from '../../src/task/realm.ts'
import { MARKS, NO_CALLS } from '../../src/task/user-code.ts'
import { makeWebHost } from '../../src/task/web-host.ts'

const outside = {
  ...NO_CALLS,
  emit: () => true,
  failure: () => '',
  tick: () => 1,
  settled: () => undefined,
}
const realm = makeRealm(
  makeWebHost(() => undefined),
  outside,
  MARKS,
)
const run = (code: string): unknown => realm.run({ script: new vm.Script(code), module: null })
/** A function of texts, evaluated in the realm and here: both answer alike, errors by their name. */
const same = (code: string): ((...args: string[]) => void) => {
  const guarded = `((...args) => { try { return JSON.stringify((${code})(...args)) } catch (e) { return 'threw ' + e.name } })`
  const inside = run(guarded) as (...args: string[]) => string
  const here = vm.runInThisContext(guarded) as (...args: string[]) => string
  return (...args) => {
    expect([args, inside(...args)]).toEqual([args, here(...args)])
  }
}

const urls = oneof(
  webUrl({ withQueryParameters: true, withFragments: true }),
  constantFrom('x', '/a?b#c', 'http://é.x/ü?ä=ö', 'file:///a b', 'HTTP://User:Pw@H:80/../x'),
)
const parts = constantFrom(
  'href',
  'protocol',
  'username',
  'password',
  'host',
  'hostname',
  'port',
  'pathname',
  'search',
  'hash',
)

describe('in a realm', () => {
  test('URL is that of Node', () => {
    const all = "['href','origin','protocol','username','password','host','hostname','port','pathname','search','hash']"
    const read = same(
      `(text, base) => { const u = new URL(text, base); return [${all}.map((p) => u[p]), String(u), u, [...u.searchParams]] }`,
    )
    assert(
      property(tuple(urls, webUrl()), ([text, base]) => read(text, base)),
      { numRuns: 200 },
    )
    const set = same(
      '(text, part, value) => { const u = new URL(text); u[part] = value; return [u.href, [...u.searchParams]] }',
    )
    assert(
      property(tuple(urls, parts, string()), (args) => set(...args)),
      { numRuns: 300 },
    )
    same('(a) => [URL.canParse(a), URL.parse(a)?.href]')('nothing')
    same(
      "(a) => { const u = new URL(a); u.searchParams.append('x y', 'é'); u.searchParams.delete('q'); return u.href }",
    )('http://a/?q=1&z=2')
  })

  test('URLSearchParams is that of Node', () => {
    const use = same(
      "(text, name, value) => { const p = new URLSearchParams(text); const seen = [p.get(name), p.getAll(name), p.has(name), p.has(name, value), p.size]; p.append(name, value); p.set('k', value); p.sort(); p.delete('q', value); return [seen, String(p), [...p.keys()], [...p.values()], [...new URLSearchParams({ [name]: value })], [...new URLSearchParams([[name, value]])]] }",
    )
    const names = oneof(constantFrom('q', 'k', 'a b'), string())
    assert(
      property(tuple(oneof(string(), constantFrom('?q=1&q=2&k=', 'a+b=c%20d&é')), names, string()), (args) =>
        use(...args),
      ),
      { numRuns: 300 },
    )
  })

  test('texts and bytes are coded as by Node', () => {
    const encode = same('(text) => [...new TextEncoder().encode(text)]')
    assert(
      property(string({ unit: 'binary' }), (text) => encode(text)),
      { numRuns: 300 },
    )
    const into = same(
      '(text, n) => { const b = new Uint8Array(Number(n)); return [new TextEncoder().encodeInto(text, b), [...b]] }',
    )
    assert(
      property(tuple(string({ unit: 'binary' }), constantFrom('0', '3', '7', '100')), (args) => into(...args)),
      { numRuns: 100 },
    )
    const decode = same(
      '(text, label) => new TextDecoder(label).decode(Uint8Array.from(text, (c) => c.charCodeAt(0) & 255))',
    )
    assert(
      property(tuple(string({ unit: 'binary' }), constantFrom('utf-8', 'latin1', 'utf-16le', 'no such')), (args) =>
        decode(...args),
      ),
      { numRuns: 200 },
    )
    same("(a) => new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([0x61, 0xff]))")('')
    same(
      '(a) => new TextDecoder().decode(new DataView(new Uint8Array([0x61, 0x62, 0x63]).buffer, 1, 1)) + new TextDecoder().decode(new Uint8Array([0x61]).buffer)',
    )('')
    const base = same('(text) => [atob(text)]')
    assert(
      property(oneof(string(), base64String()), (text) => base(text)),
      { numRuns: 200 },
    )
    const back = same('(text) => [btoa(text)]')
    assert(
      property(string({ unit: 'binary' }), (text) => back(text)),
      { numRuns: 200 },
    )
  })

  test('structuredClone copies as that of Node, cycles too, and refuses what it refuses', () => {
    const shown =
      '(v) => JSON.stringify(v, (k, x) => x instanceof Map ? ["map", ...x] : x instanceof Set ? ["set", ...x] : typeof x === "bigint" ? `${x}n` : x instanceof RegExp ? String(x) : ArrayBuffer.isView(x) ? [x.constructor.name, ...x] : x)'
    for (const value of [
      '({ a: [1, , 3n, "x", null, undefined], d: new Date(7), r: /a/gi, m: new Map([[{ k: 1 }, new Set([1, [2]])]]) })',
      'new Float64Array([1, 2.5])',
      'Object.assign(Object.create({ inherited: 1 }), { own: 2, ["__proto__x"]: 3 })',
      '() => 0',
      'Symbol("s")',
      '({ deep: [() => 0] })',
      'new Error("e").message',
    ]) {
      same(`() => (${shown})(structuredClone(${value}))`)()
    }
    same(
      '() => { const a = { list: [] }; a.self = a; a.list.push(a); const c = structuredClone(a); return c !== a && c.self === c && c.list[0] === c }',
    )()
  })

  test('dates are those of the language, but for the present', () => {
    same(
      "() => [new Date(5), new Date('2025-03-30T02:30'), new Date(2025, 2), Date.UTC(2020, 1), Date.parse('2020-01-01'), typeof Date(), Date.length, Date.name, new Date(5) instanceof Date, Object.prototype.toString.call(new Date(5)), class extends Date {}.name, new (class D extends Date { x = 1 })(7)]",
    )()
    expect(
      run('[Date.now(), new Date().getTime(), Math.random(), performance.now(), crypto.randomUUID()].join()'),
    ).toBe('0,0,0.5,0,00000000-0000-4000-8000-000000000000')
  })

  test('a module that is compiled is compiled at once', async () => {
    const empty = 'new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])'
    expect(await (run(`WebAssembly.instantiate(${empty}).then((r) => Object.keys(r).join())`) as Promise<string>)).toBe(
      'module,instance',
    )
    expect(
      await (run(
        `WebAssembly.compile(${empty}).then((m) => WebAssembly.instantiate(m)).then((i) => i instanceof WebAssembly.Instance)`,
      ) as Promise<boolean>),
    ).toBe(true)
  })
})
