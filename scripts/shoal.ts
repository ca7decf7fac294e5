/** `npm run -s shoal -- ARGS`: the command from a checkout, of the sources as they are now. */
import { pathToFileURL } from 'node:url'
import { freshMain } from './fresh-build.ts'

const main = freshMain()
process.argv[1] = main
await import(pathToFileURL(main).href)
