/**
 * Which bundles may run in a realm that several splits share (`SharedRealm`). That no state outlives a split there does
 * not depend on it: nothing in such a realm can be changed. It decides that results are those of realms of their own.
 *
 * In strict code an attempt to change what is frozen is an error, and any error of a task in a shared realm has the task
 * done again in fresh ones. So the two differ only for code that catches errors, that asks whether something is frozen,
 * or that runs when its split is over; and for code that wants what a shared realm lacks, RegExp's memory of its last
 * match, or whose console output would come twice. Bundles that have a word for any of this, be it in a text, are left
 * out, and so is code that makes code.
 */
const WORDS: readonly string[] = [
  // Errors caught: an attempt could fail unseen.
  ...['try', 'catch', 'finally', 'async', 'await', 'then', 'Promise', 'Reflect', 'fromAsync', 'queueMicrotask'],
  ...['using', 'DisposableStack', 'AsyncDisposableStack', 'SuppressedError', 'WebAssembly'],
  // What tells a frozen object from another.
  ...['isFrozen', 'isSealed', 'isExtensible', 'getOwnPropertyDescriptor', 'getOwnPropertyDescriptors'],
  // Skipping is an error on its way to Shoal: what is closed because of it, iterators, may fail unseen.
  'skip',
  // Code from texts, and other ways to what has a word here.
  ...['eval', 'Function', 'import', 'globalThis', 'self', 'window', 'Proxy', 'constructor'],
  // Errors that are shown run code whose own errors are passed over.
  ...['stack', 'captureStackTrace', 'prepareStackTrace', 'stackTraceLimit', 'structuredClone'],
  // Made or called, it has no memory to ask for.
  ...['RegExp(?!\\()', 'console'],
]
const WORD = new RegExp(`(?<![\\w$])(?:${WORDS.join('|')})(?![\\w$])`)

/** What esbuild puts before each module: it copies the exports, and asks only whether they are enumerable. */
const PREFACE =
  /^"use strict";\nvar [\w$]+=\(\(\)=>\{var [\w$]+=Object\.defineProperty;var [\w$]+=Object\.getOwnPropertyDescriptor;/

/** `bundle` as `bundleJob` makes it: strict, and minified. */
export function mayShare(bundle: string): boolean {
  const preface = PREFACE.exec(bundle)
  return preface !== null && !WORD.test(bundle.slice(preface[0].length))
}
