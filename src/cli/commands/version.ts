import { runtimeId } from '../../control/runtime-id.ts'
import { VERSION } from '../../control/version.ts'
import type { Context } from '../context.ts'

/** `shoal version`: of the package, of Node, and the runtime id that nodes must share to run each other's tasks. */
export async function version(context: Context): Promise<number> {
  const runtime = runtimeId()
  if (context.json) {
    await context.printJson({ schema: 'shoal.version/1', version: VERSION, node: process.version, runtime })
  } else if (context.quiet) {
    await context.print(VERSION)
  } else {
    await context.print(`shoal ${VERSION}`)
    await context.print(`node ${process.version}  ${process.platform} ${process.arch}`)
    await context.print(`runtime ${runtime}`)
  }
  return 0
}
