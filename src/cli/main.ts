#!/usr/bin/env node
import { connectControl } from '../control/client.ts'
import type { Engine } from './engine.ts'
import type { Io, StopSignal } from './io.ts'
import { main } from './program.ts'

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

process.exitCode = await main(process.argv.slice(2), io, {
  connect: connectControl,
  engine: async (): Promise<Engine> => await import('../index.ts'),
})
// What a library still holds open must not keep a finished command alive; what was written must still leave.
process.stdout.write('', () => process.exit())
