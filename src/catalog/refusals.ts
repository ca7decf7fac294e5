/** Why a snapshot is not taken, in words that say what to do. */
import { ShoalError } from '../core/errors.ts'
import { compareUtf8 } from '../core/plan/ranks.ts'
import type { NodeId, OmittedShard } from '../core/types.ts'
import { nearest } from '../words/nearest.ts'
import type { KindProblem } from '../data/formats/look/kinds.ts'
import { isHidden } from './path.ts'
import { leftOutText, type LeftOut } from './left-out.ts'
import { EXPORTS, type Table } from './table-formats.ts'

/** A shard that cannot be had now. `path` is '' for a directory whose shards are not known; `detail` is for people. */
export interface Lacking extends OmittedShard {
  readonly detail: string
}

/** So many are named; the rest is counted. */
const NAMED = 10

export function noData(dataset: string, offered: ReadonlySet<string>): ShoalError {
  const names = [...offered].toSorted(compareUtf8)
  const near = nearest(dataset, names)
  return new ShoalError('NO_DATA', `no node offers a dataset ${JSON.stringify(dataset)}${didYouMean(near)}`, {
    why: names.length === 0 ? 'no node offers any data' : `there is ${namedOf(names)}`,
    try: [`--data ${dataset}=DIR   for a node that holds it`, ...(names.length === 0 ? [] : ['shoal data ls'])],
  })
}

/** Nothing in the dataset has a path that the glob takes; `paths` are those that there are, beside what is left out. */
export function noMatch(
  dataset: string,
  glob: string,
  paths: ReadonlySet<string>,
  leftOut: readonly LeftOut[] = [],
): ShoalError {
  if (paths.size === 0) {
    return new ShoalError('NO_DATA', `the dataset ${JSON.stringify(dataset)} has no files`, {
      ...(leftOut.length === 0 ? {} : { why: leftOut.map(leftOutText).join('\n') }),
      try: ['put files into its directory', '--data NAME=DIR,all   offers names that begin with _ or ., too'],
    })
  }
  const sorted = [...paths].toSorted(compareUtf8)
  const folder = glob.endsWith('/') ? glob : `${glob}/`
  const near = sorted.some((path) => path.startsWith(folder)) ? [`${folder}**`] : nearest(glob, candidatesFor(sorted))
  const hidden = glob.split('/').some(isHidden)
  const same = sorted.filter((path) => path !== glob && path.normalize() === glob.normalize())
  const twin =
    same.length === 0 ? '' : '; of these one has the same letters in another Unicode form, as macOS writes names'
  return new ShoalError('NO_DATA', `nothing in ${dataset} matches ${JSON.stringify(glob)}${didYouMean(near)}`, {
    why: `there is ${namedOf(sorted)}${hidden ? '; names that begin with _ or . are not offered' : ''}${twin}`,
    try: [
      ...(hidden ? [`--data ${dataset}=DIR,all   for the node that holds it`] : []),
      ...near.map((one) => `--input '${dataset}/${one}'`),
      'shoal data ls',
    ],
  })
}

/** What someone may have meant by a glob: a file, or all files of an extension, in the same folder. */
function candidatesFor(paths: readonly string[]): Set<string> {
  const globs = paths.flatMap((path) => {
    const folder = path.slice(0, path.lastIndexOf('/') + 1)
    const extension = /\.[^./]+(?:\.(?:gz|zst))?$/.exec(path)?.[0]
    return extension === undefined ? [] : [`${folder}*${extension}`]
  })
  return new Set([...globs, ...paths])
}

export function mixedModes(dataset: string, own: readonly NodeId[], replicated: readonly NodeId[]): ShoalError {
  return new ShoalError('DATASET_MODE', `${dataset} is replicated on some nodes and own on others`, {
    why: `replicated on ${namedOf(replicated)}; own on ${namedOf(own)}`,
    try: [
      'restart the nodes with --data NAME=DIR,replicated on all, or on none',
      'shoal members forget NODE   if one is gone for good',
    ],
  })
}

interface Divergence {
  readonly path: string
  readonly copies: readonly { readonly node: NodeId; readonly hash: string }[]
}

/** `all` is in path order and not empty. */
export function diverged(dataset: string, all: readonly Divergence[]): ShoalError {
  const { path, copies } = all[0]!
  const more = all.length === 1 ? '' : ` (and ${all.length - 1} more files)`
  return new ShoalError('REPLICA_DIVERGED', `copies of ${dataset}/${path} differ${more}`, {
    why: namedOf(copies.map(({ node, hash }) => `${hash.slice(0, 16)}… on ${node}`)),
    try: ['make the copies equal', 'shoal members forget NODE   if one is gone for good'],
  })
}

export function incomplete(lacking: readonly Lacking[], allowPartial: boolean): ShoalError {
  const kinds = Map.groupBy(lacking, ({ why }) => why)
  const counts = [...kinds].map(([why, all]) => `${all.length} ${why}`).join(', ')
  const lines = lacking.map(({ dataset, path, node, why, detail }) => {
    const what = path === '' ? `${dataset} (its files are not known)` : `${dataset}/${path}`
    return `${what} on ${node}: ${why}${detail === '' ? '' : `, ${detail}`}`
  })
  const nothing = allowPartial ? ', and no other shards are left' : ''
  return new ShoalError('INCOMPLETE', `not all shards can be had: ${counts}${nothing}`, {
    why: namedOf(lines, '\n'),
    try: [
      ...unreadableRemedies(lacking),
      ...(kinds.has('away') || kinds.has('pending') ? ['--wait-for-data 10m   to wait for them'] : []),
      ...(allowPartial ? [] : ['--allow-partial   to leave them out; the result says so']),
      ...(kinds.has('away') ? ['shoal members forget NODE, shoal data forget NAME   if they are gone for good'] : []),
    ],
  })
}

function unreadableRemedies(lacking: readonly Lacking[]): string[] {
  const details = lacking.filter(({ why }) => why === 'unreadable').map(({ detail }) => detail)
  const links = details.filter((detail) => detail.startsWith('it is a link'))
  return [
    ...(details.length > links.length ? ['rename the unreadable files, or let the node read them'] : []),
    ...(links.length > 0
      ? [
          '--data NAME=DIR,follow   for the node, if what the links lead to is part of the data',
          '--data NAME=DIR,skip-links   if it is not',
        ]
      : []),
  ]
}

/** `all` is in path order and not empty. */
export function wrongKind(all: readonly { readonly name: string; readonly problem: KindProblem }[]): ShoalError {
  const { name, problem } = all[0]!
  const others = all.slice(1).map((one) => `${one.name} looks like ${one.problem.looks}`)
  return new ShoalError('FILE_KIND', `${name} looks like ${problem.looks}`, {
    why: others.length === 0 ? problem.why : `${problem.why}\n${namedOf(others, '\n')}`,
    try: [...problem.try.slice(0, TRIES - 1), "--input 'NAME/GLOB'   with a glob that leaves it out"],
  })
}

/** An error carries so many remedies at most. */
const TRIES = 8

export function isTable(dataset: string, node: NodeId, { path, format }: Table): ShoalError {
  const name = path === '' ? dataset : `${dataset}/${path}`
  return new ShoalError('TABLE_FORMAT', `${name} on ${node} is a table of ${format}`, {
    why: 'its log says which of its files are the table: files that were rewritten or deleted lie there, too',
    try: [EXPORTS[format], `--input '${dataset}/GLOB'   with a glob that leaves the folder out`],
  })
}

/** Two directories hold the very same files. */
export function sameMount(dataset: string, a: SeenFile, b: SeenFile, network: boolean): ShoalError {
  const where = network ? 'on a network file system' : 'on one disk'
  return new ShoalError('SAME_MOUNT', `${a.node} and ${b.node} offer the same files as ${dataset}`, {
    why: `${a.path} on ${a.node} and ${b.path} on ${b.node} have one inode, size and time, ${where}: it would count twice`,
    try: [
      `--data ${dataset}=DIR,replicated   on both: each file counts once, and both can read it`,
      '--data OTHER=DIR   on one of them, if they are to be apart',
    ],
  })
}

export interface SeenFile {
  readonly node: NodeId
  readonly path: string
}

/** A file has the very name that the glob is, and the glob takes others as well. */
export function ambiguousGlob(dataset: string, glob: string, other: string): ShoalError {
  const escaped = glob.replaceAll(/[[\](){}*?!+@\\]/g, '\\$&')
  return new ShoalError(
    'USAGE',
    `${JSON.stringify(glob)} is a file of ${dataset}, and a pattern that takes ${other}, too`,
    {
      why: 'one of the two is meant',
      try: [
        `--input '${dataset}/${escaped}'   for the file`,
        `--input '${dataset}/${other}'   for the other; {a,b} for several`,
      ],
    },
  )
}

function namedOf(names: readonly string[], separator = ', '): string {
  const shown = names.slice(0, NAMED).join(separator)
  return names.length <= NAMED ? shown : `${shown}${separator}and ${names.length - NAMED} more (${names.length} in all)`
}

function didYouMean(near: readonly string[]): string {
  return near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`
}
