import { readSync, writeSync } from 'node:fs'
import { type Command, frame, FRAME_BYTES_MAX, type TaskMessage } from './protocol.ts'

const COMMANDS = 0
const MESSAGES = 3

/** Waits for the next command, doing nothing else; null once the node has closed its end, as its death does. */
export function readCommand(): Command | null {
  const head = readExactly(4)
  if (head === null) return null
  const length = head.readUInt32BE(0)
  if (length > FRAME_BYTES_MAX) return null
  const body = readExactly(length)
  return body === null ? null : (JSON.parse(body.toString()) as Command)
}

function readExactly(length: number): Buffer | null {
  const bytes = Buffer.allocUnsafe(length)
  for (let at = 0; at < length;) {
    const got = retry(() => readSync(COMMANDS, bytes, at, length - at, null))
    if (got === 0) return null
    at += got
  }
  return bytes
}

/** Synchronous: a process that is killed right afterwards has said it. */
export function writeMessage(message: TaskMessage): void {
  const bytes = frame(message)
  for (let at = 0; at < bytes.length;) at += retry(() => writeSync(MESSAGES, bytes, at))
}

/** Pipes are blocking here; should one not be, it is asked again. */
function retry(work: () => number): number {
  for (;;) {
    try {
      return work()
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EAGAIN' && code !== 'EINTR') throw error
    }
  }
}
