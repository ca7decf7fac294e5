/**
 * Makes the process poorer before any user code is loaded: what could end it, the node, or reach past its slot, is
 * gone. User code lives in a realm that has none of this anyway; this is for the case that it finds a way out.
 */
import { createRequire } from 'node:module'
import vm from 'node:vm'
import { assert } from '../core/errors.ts'

const REMOVED = [
  ...['kill', '_kill', 'abort', 'exit', 'reallyExit', 'execve', 'send', 'disconnect', 'channel', '_channel'],
  ...['getBuiltinModule', 'dlopen', 'binding', '_linkedBinding', 'mainModule', 'report'],
  ...['_debugProcess', '_debugEnd', '_startProfilerIdleNotifier', '_stopProfilerIdleNotifier', 'loadEnvFile'],
  ...['chdir', 'umask', 'setuid', 'setgid', 'seteuid', 'setegid', 'setgroups', 'initgroups'],
  ...['stdin', 'stdout', 'openStdin', '_getActiveHandles', '_getActiveRequests', 'setSourceMapsEnabled'],
]

/** Ends the process at once; taken before it is removed. */
export const leave: (code: number) => never = (
  process as unknown as { reallyExit(code: number): never }
).reallyExit.bind(process)

interface ModuleWrap {
  setImportModuleDynamicallyCallback(callback: () => never): void
}

/**
 * In a realm without a module loader `import()` gives a promise of the host's realm, rejected with an error of the
 * host's realm: through either, user code could reach the host. Node has no setting for that, so its callback is replaced
 * (the process runs with --expose-internals): now `import()` throws a text.
 */
function forbidImport(): void {
  const require = createRequire(`${process.cwd()}/`)
  const { internalBinding } = require('internal/test/binding') as { internalBinding(name: string): ModuleWrap }
  internalBinding('module_wrap').setImportModuleDynamicallyCallback(() => {
    // oxlint-disable-next-line typescript/only-throw-error -- an object would be one of this realm
    throw 'import() is not available in a job: import at the top of the file'
  })
}

/** @throws InvariantError if the process is not as closed as it should be; then no user code may be run in it. */
export function harden(): void {
  forbidImport()
  const { permission } = process as unknown as { permission?: { has(scope: string): boolean } }
  assert(permission !== undefined, 'a task process runs under the permission model')
  for (const scope of ['child', 'worker', 'net', 'addon', 'wasi', 'inspector']) {
    assert(!permission.has(scope), `a task process has no permission for ${scope}`)
  }
  for (const name of REMOVED) Reflect.deleteProperty(process, name)
  for (const name of REMOVED)
    assert(!(name in process) || Reflect.get(process, name) === undefined, `process.${name} is gone`)
  const context = vm.createContext(vm.constants.DONT_CONTEXTIFY)
  const probe = vm.runInContext(
    `let found; try { found = import('node:fs') } catch (e) { found = e }; typeof found`,
    context,
  ) as unknown
  assert(probe === 'string', 'import() gives nothing of the host')
}
