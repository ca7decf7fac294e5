#!/usr/bin/env node
import nodeModule from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Engine } from './engine.ts'
import type { Io, StopSignal } from './io.ts'

/** As in package.json. An older Node gets no further than this file: what is loaded below speaks to Node 26. */
const NODE_MAJOR = 26
if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR) {
  process.stderr
    .write(`error[VERSION]: this is Node ${process.versions.node}, and Shoal needs Node ${NODE_MAJOR} or later
  why:  ${process.execPath} is the first node on PATH
  try:  https://nodejs.org/en/download has it; with nvm: nvm install ${NODE_MAJOR}
`)
  process.exit(7)
}

// Most commands run for less time than it takes to compile them. In a folder of this user alone: what lies there is run.
nodeModule.enableCompileCache(join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'shoal'))

const io: Io = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  folder: process.cwd(),
  now: () => performance.now(),
  onStop(handler) {
    const listener = (signal: NodeJS.Signals): void => handler(signal as StopSignal)
    process.on('SIGINT', listener).on('SIGTERM', listener)
    return () => void process.off('SIGINT', listener).off('SIGTERM', listener)
  },
  exit: (code) => process.exit(code),
}

// A reader that went away is found at the next write; without a listener the event would end the process loudly.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

const { main } = await import('./program.ts')
const { renderFailure } = await import('./failure.ts')

// What nobody has caught is a bug; Node by itself would write its text as it is.
process.on('uncaughtException', (error) => {
  process.stderr.write(renderFailure(error, { json: false, verbose: true, paint: (_, text) => text }))
  process.exit(70)
})

const { connectControl } = await import('../control/client.ts')
process.exitCode = await main(process.argv.slice(2), io, {
  connect: connectControl,
  engine: async (): Promise<Engine> => await import('../index.ts'),
})
// What a library still holds open must not keep a finished command alive; what was written must still leave.
process.stdout.write('', () => process.exit())
