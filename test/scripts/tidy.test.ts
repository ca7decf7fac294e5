import { describe, expect, test } from 'vitest'
import { floorOf, importFindings, importsOf } from '../../scripts/imports.ts'
import { tidy } from '../../scripts/tidy.ts'

const file = (path: string, text = ''): { path: string; text: string } => ({ path, text })

describe('imports', () => {
  test('all forms are seen, comments are not', () => {
    const text = [
      "import { a } from './a.ts'",
      "import type {\n  B,\n} from '../core/b.ts'",
      "export * from './c.ts'",
      "import './d.ts'",
      "const e = await import('./e.ts')",
      "// import { f } from './f.ts'",
      " * import { g } from './g.ts'",
    ].join('\n')
    const targets = importsOf(file('src/data/x.ts', text)).map(({ target }) => target)
    expect(targets.sort()).toEqual([
      'src/core/b.ts',
      'src/data/a.ts',
      'src/data/c.ts',
      'src/data/d.ts',
      'src/data/e.ts',
    ])
  })

  test.each([
    ['src/core/types.ts', 'core'],
    ['src/node.ts', 'node'],
    ['src/adapters/disk/lock.ts', 'adapters/disk'],
    ['src/data/formats/csv.ts', 'data'],
  ])('%s stands on %s', (path, floor) => expect(floorOf(path)).toBe(floor))

  test.each([
    ['src/data/a.ts', "import { x } from '../core/x.ts'", 0],
    ['src/core/a.ts', "import { x } from '../data/x.ts'", 1],
    ['src/core/a.ts', "import { x } from 'node:fs'", 1],
    ['src/runtime/a.ts', "import { x } from '../adapters/disk/x.ts'", 1],
    ['src/runtime/a.ts', "import type { x } from '../control/api.ts'", 0],
    ['src/runtime/a.ts', "import { x } from '../control/server.ts'", 1],
    ['src/runtime/api/a.ts', "import { x } from '../home/x.ts'", 0],
    ['src/runtime/home/a.ts', "import { x } from '../api/x.ts'", 1],
    ['src/runtime/home/a.ts', "import { x } from '../x.ts'", 0],
    ['src/adapters/disk/a.ts', "import { x } from '../libp2p/x.ts'", 1],
    ['src/adapters/disk/a.ts', "import { x } from 'libp2p'", 1],
    ['src/adapters/libp2p/a.ts', "import { x } from 'libp2p'", 0],
    ['src/cli/a.ts', "import { x } from '../runtime/x.ts'", 1],
    ['src/data/a.ts', "import { x } from 'left-pad'", 1],
    ['src/attic/a.ts', "import { x } from '../core/x.ts'", 1],
  ])('%s: %s has %i findings', (path, text, count) => {
    expect(importFindings([file(path, text)])).toHaveLength(count)
  })

  test('a circle is found once, and a diamond is none', () => {
    const ring = [
      file('src/core/a.ts', "import { b } from './b.ts'"),
      file('src/core/b.ts', "import { c } from './c.ts'"),
      file('src/core/c.ts', "import { a } from './a.ts'"),
    ]
    expect(importFindings(ring)).toEqual(['circle: src/core/a.ts → src/core/b.ts → src/core/c.ts → src/core/a.ts'])
    const diamond = [
      file('src/core/a.ts', "import { b } from './b.ts'\nimport { c } from './c.ts'"),
      file('src/core/b.ts', "import { d } from './d.ts'"),
      file('src/core/c.ts', "import { d } from './d.ts'"),
      file('src/core/d.ts'),
    ]
    expect(importFindings(diamond)).toEqual([])
  })
})

describe('tidy', () => {
  test.each([
    ['attic/a.ts', '', 'top level'],
    ['src/core/long.ts', '\n'.repeat(401), 'file length'],
    ['src/core/camelCase.ts', '', 'file names'],
    ['src/data/utils.ts', '', 'no drawer for everything'],
    ['src/core/a.ts', `// ${'TO'}DO: later`, 'finished'],
    ['test/core/a.test.ts', `test.${'only'}('x', () => {})`, 'every test runs'],
    ['test/core/a.test.ts', `await ${'sleep'}(100)`, 'no sleeping in tests of logic'],
    ['src/runtime/a.ts', "if (step.kind === 'map') go()", 'one place knows the graph'],
    ['docs/a.md', `see /${'root'}/notes`, 'no machine of ours'],
  ])('%s breaks a rule', (path, text, rule) => {
    expect(tidy([file(path, text)]).map((finding) => finding.split(':')[0])).toEqual([rule])
  })

  test('a lock file without the packages of other platforms is found', () => {
    const lock = (...names: string[]): string =>
      JSON.stringify({
        packages: {
          'node_modules/tool': { optionalDependencies: { '@tool/linux': '1.0.0', '@tool/darwin': '1.0.0' } },
          ...Object.fromEntries(names.map((name) => [`node_modules/${name}`, {}])),
        },
      })
    expect(tidy([file('package-lock.json', lock('@tool/linux', '@tool/darwin'))])).toEqual([])
    expect(tidy([file('package-lock.json', lock('@tool/linux'))])).toHaveLength(1)
  })
})
