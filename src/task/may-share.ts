/**
 * Which bundles may run in a realm that several splits share (`SharedRealm`).
 *
 * Everything in a shared realm is frozen, so no state outlives a split there, whatever the code does. What has to be seen
 * to here is that the result is the same as with a fresh realm for each split, in which nothing is frozen. In strict code,
 * to change something frozen is an error, and after any error in a shared realm the whole task is done again with fresh
 * realms. So results can differ only for code that
 *
 * - catches errors, so that nobody hears of the refused change;
 * - asks whether an object is frozen;
 * - goes on running after its split has ended;
 * - uses RegExp's memory of its last match, which a shared realm has not;
 * - writes to the console, which would be written twice if the task is done again.
 *
 * A bundle in which a word for any of this occurs, even within a string, may not share a realm. Nor may one that can make
 * code out of strings, where the words would not show.
 */
const WORDS: readonly string[] = [
  // They catch errors: a refused change would go unnoticed.
  ...['try', 'catch', 'finally', 'async', 'await', 'then', 'Promise', 'Reflect', 'fromAsync', 'queueMicrotask'],
  ...['using', 'DisposableStack', 'AsyncDisposableStack', 'SuppressedError', 'WebAssembly'],
  // They tell whether an object is frozen.
  ...['isFrozen', 'isSealed', 'isExtensible', 'getOwnPropertyDescriptor', 'getOwnPropertyDescriptors'],
  // ctx.skip() throws. A `for` loop that it leaves closes its iterator, and drops an error that closing throws.
  'skip',
  // They make code out of strings, or reach by another name what has a word here.
  ...['eval', 'Function', 'import', 'globalThis', 'self', 'window', 'Proxy', 'constructor'],
  // To show an error may run user code, whose own errors are dropped; structuredClone shows the errors that it copies.
  ...['stack', 'captureStackTrace', 'prepareStackTrace', 'stackTraceLimit', 'structuredClone'],
  // `RegExp(…)` makes an expression, which is harmless; RegExp as an object has the memory of the last match.
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
