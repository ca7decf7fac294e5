/** `npm run -s shoal -- ARGS`: the command from a checkout, of the sources as they are now. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { freshBuild } from './fresh-build.ts'

const main = join(freshBuild(), 'dist/cli/main.js')
process.argv[1] = main
await import(pathToFileURL(main).href)
