import { readFileSync } from 'node:fs'

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }

/** The version of this package. Command line and node must be of one version: their protocol is private to it. */
export const VERSION: string = manifest.version
