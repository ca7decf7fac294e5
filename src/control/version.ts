import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const manifest = JSON.parse(readFileSync(fileURLToPath(import.meta.resolve('#package')), 'utf8')) as { version: string }

/** The version of this package. Command line and node must be of one version: their protocol is private to it. */
export const VERSION: string = manifest.version
