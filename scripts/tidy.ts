/**
 * `npm run tidy`: rules of the repository as checks. Each prints what breaks it, and what to do instead.
 * Rules that need a parser (function length, banned globals, promises) are lint rules, see .oxlintrc.json.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { importFindings, type SourceFile } from './imports.ts'

interface Rule {
  readonly name: string
  check(files: readonly SourceFile[]): string[]
}

const TOP_LEVEL = new Set([
  '.ci',
  '.gitignore',
  '.oxfmtrc.json',
  '.oxlintrc.json',
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'docs',
  'examples',
  'package-lock.json',
  'package.json',
  'scripts',
  'src',
  'test',
  'tsconfig.json',
])

/** Longer files hide more than one idea. */
const LINES_MAX: Readonly<Record<string, number>> = { src: 400, scripts: 400, examples: 200, test: 500 }

const isCode = (file: SourceFile): boolean => file.path.endsWith('.ts')
const isTest = (file: SourceFile): boolean => file.path.startsWith('test/') && isCode(file)
const top = (file: SourceFile): string => file.path.split('/')[0] ?? ''

/** `path:line: text` for each line that matches. */
function linesMatching(files: readonly SourceFile[], pattern: RegExp, remedy: string): string[] {
  return files.flatMap((file) =>
    file.text
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1}: ${line.trim()}: ${remedy}`] : [])),
  )
}

// Each pattern is written so that this file does not match itself.
const UNFINISHED = /\b(TO[D]O|FIX[M]E|XX[X])\b/
const NARROWED_TEST = /\b(?:test|it|describe|suite)\s*\.\s*(?:only|skip|todo)\b/
const MACHINE_PATH = /(^|["'`\s=(])\/(?:wor[k]|tm[p]\/brief|roo[t])\//
const SLEEP = /\bsetTimeout\(\s*(?:resolve|done|r)\b|\bawait\s+(?:sleep|delay)\(/

/** A kind of step, asked for by name. */
const KIND_ASKED =
  /kind === '(map|reduce|sample|bounds)'|\b(first|count)(\.(map|reduce|sample|bounds)\b|\[['"])|^\s*case '(map|reduce|sample|bounds)':/
/** The plan, what runs in a task process, and the shapes of manifests. */
const KNOWS_KINDS =
  /^src\/(core\/plan\/|core\/types\.ts|core\/ledger\/manifest\.ts|task\/|wire\/(earlier-)?manifest\.ts|data\/formats\/)/

const RULES: readonly Rule[] = [
  {
    name: 'top level',
    check: (files) =>
      [...new Set(files.map(top))]
        .filter((entry) => !TOP_LEVEL.has(entry))
        .map((entry) => `${entry}: not an entry of the top level; the house has src, test, scripts, examples, docs`),
  },
  {
    name: 'file length',
    check: (files) =>
      files.filter(isCode).flatMap((file) => {
        const lines = file.text.split('\n').length - 1
        const max = LINES_MAX[top(file)] ?? Infinity
        return lines > max ? [`${file.path}: ${lines} lines, more than ${max}: a file is one idea`] : []
      }),
  },
  {
    name: 'file names',
    check: (files) =>
      files
        .filter((file) => isCode(file) && !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config))?\.ts$/.test(name(file)))
        .map((file) => `${file.path}: file names are kebab-case`),
  },
  {
    name: 'no drawer for everything',
    check: (files) =>
      files
        .filter((file) => /(^|\/)(utils?|helpers?|common|misc)(\/|\.ts$)/.test(file.path))
        .map((file) => `${file.path}: give it a name that says what it does, or keep it where it is used`),
  },
  {
    name: 'finished',
    check: (files) => linesMatching(files.filter(isCode), UNFINISHED, 'finish it, or say in the issue what is open'),
  },
  {
    name: 'every test runs',
    check: (files) => linesMatching(files.filter(isTest), NARROWED_TEST, 'every test runs, every time'),
  },
  {
    name: 'no sleeping in tests of logic',
    check: (files) =>
      linesMatching(
        files.filter((file) => isTest(file) && /^test\/(core|data|wire|control|catalog\/snapshot)/.test(file.path)),
        SLEEP,
        'give the time as an event, or wait for the fact itself',
      ),
  },
  {
    name: 'no machine of ours',
    check: (files) => linesMatching(files.filter(isText), MACHINE_PATH, 'a path of one machine'),
  },
  {
    name: 'small files',
    check: (files) =>
      files
        .filter((file) => Buffer.byteLength(file.text) > 4_000_000)
        .map((file) => `${file.path}: larger than 4 MB; generate it instead`),
  },
  {
    name: 'one place knows the graph',
    check: (files) =>
      linesMatching(
        files.filter((file) => isCode(file) && top(file) === 'src' && !KNOWS_KINDS.test(file.path)),
        KIND_ASKED,
        'ask the plan about steps and edges (core/plan/graph.ts)',
      ),
  },
  { name: 'lock file', check: lockFindings },
  { name: 'imports', check: (files) => importFindings(files.filter((file) => isCode(file) && top(file) === 'src')) },
]

/**
 * Packages for other platforms must stand in the lock file, with no more than name and version where a registry does
 * not carry them: `npm ci` refuses a lock file that lacks them, and `npm install` leaves them out.
 */
function lockFindings(files: readonly SourceFile[]): string[] {
  const file = files.find(({ path }) => path === 'package-lock.json')
  if (file === undefined) return []
  const { packages } = JSON.parse(file.text) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>
  }
  return Object.entries(packages).flatMap(([parent, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => !(`node_modules/${name}` in packages || `${parent}/node_modules/${name}` in packages))
      .map((name) => `${parent} wants ${name}, which package-lock.json lacks: npm ci would refuse`),
  )
}

function name(file: SourceFile): string {
  return file.path.slice(file.path.lastIndexOf('/') + 1)
}

function isText(file: SourceFile): boolean {
  return /\.(ts|json|md|sh|py|yml)$|^\.ci\//.test(file.path) && file.path !== 'package-lock.json' && !isData(file)
}

function isData(file: SourceFile): boolean {
  return /^(test\/fixtures|examples\/(data|expected))\//.test(file.path)
}

/** The files that git tracks or would add. */
export function repositoryFiles(root: string): SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
  return [...new Set(listed.toString().split('\0'))]
    .filter((path) => path !== '' && existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'latin1') }))
}

/** All findings, as `rule: finding`. */
export function tidy(files: readonly SourceFile[]): string[] {
  return RULES.flatMap((rule) => rule.check(files).map((finding) => `${rule.name}: ${finding}`))
}

if (import.meta.main) {
  const findings = tidy(repositoryFiles(join(import.meta.dirname, '..')))
  for (const finding of findings) console.error(finding)
  console.error(findings.length === 0 ? `tidy: ${RULES.length} rules hold` : `tidy: ${findings.length} findings`)
  process.exitCode = findings.length === 0 ? 0 : 1
}
