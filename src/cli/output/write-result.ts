import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isatty } from 'node:tty'
import { ShoalError } from '../../core/errors.ts'
import { reasonOf } from '../../words/reason.ts'
import type { Engine } from '../engine.ts'
import { writeTo, type Stream } from '../io.ts'
import { shortId } from '../units.ts'
import { writeFolder } from './folder.ts'
import { recordsOf, writeRecords, type ResultSource } from './records.ts'
import { sectionOf, type Section } from './sections.ts'
import { BufferedSink, FileInWaiting, TerminalSink, syncFolder } from './sink.ts'
import { refuseBinary, type Target } from './target.ts'

/**
 * Writes a result to its target. Files appear whole or not at all; in a folder `_SUCCESS` comes last.
 * @throws ShoalError OUTPUT (disk full, no permission): nothing partial is left
 */
export async function writeResult(
  source: ResultSource,
  target: Target,
  sections: readonly Section[],
  engine: Engine,
  stdout: Stream,
): Promise<void> {
  const section = sections[0]!
  if (section.renderer.needsScan) {
    for await (const chunk of source.chunks()) {
      const own = sectionOf(sections, chunk)
      for (const [key, value] of recordsOf(chunk.bytes, own, engine)) own.renderer.scan(key, value)
    }
  }
  if (target.kind === 'stdout')
    return await writeOneFile(source, section, engine, target.terminal, (bytes) => writeTo(stdout, bytes))
  try {
    if (target.kind === 'folder') await writeFolder(source, target.path, sections, engine)
    else if (target.kind === 'file') await writeFile(source, target.path, section, engine)
    else await writeDevice(source, target.path, section, engine)
  } catch (error) {
    throw outputError(error, target.given, source)
  }
}

function outputError(error: unknown, given: string, { job, passing }: ResultSource): unknown {
  const code = error instanceof Error && 'syscall' in error ? (error as NodeJS.ErrnoException).code : undefined
  if (code === undefined) return error
  const why = code === 'ENOSPC' ? 'the disk is full' : reasonOf(error, 'the system refuses it')
  return new ShoalError('OUTPUT', `the output ${given} cannot be written`, {
    why: `${why}; nothing was left there`,
    try: passing
      ? ['the same command with another -o']
      : [`shoal job result ${shortId(job)} -o PATH   the mesh keeps the result`],
    job,
    cause: error,
  })
}

async function writeOneFile(
  source: ResultSource,
  section: Section,
  engine: Engine,
  terminal: boolean,
  out: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const buffered = new BufferedSink(out)
  const sink = terminal ? new TerminalSink(buffered) : buffered
  const file = section.renderer.open()
  await sink.write(file.begin())
  for await (const { bytes } of source.chunks()) await writeRecords(bytes, section, file, sink, engine)
  await sink.write(file.end())
  await buffered.flush()
}

async function writeFile(source: ResultSource, path: string, section: Section, engine: Engine): Promise<void> {
  const file = await FileInWaiting.create(path)
  try {
    await writeOneFile(source, section, engine, false, async (bytes) => {
      await file.sink.write(bytes)
    })
    await file.close()
    await file.place()
  } catch (error) {
    await file.discard()
    throw error
  }
  await syncFolder(dirname(path))
}

async function writeDevice(source: ResultSource, path: string, section: Section, engine: Engine): Promise<void> {
  const handle = await open(path, 'w')
  try {
    // /dev/tty, or /dev/stdout on a terminal.
    const terminal = isatty(handle.fd)
    refuseBinary(section.renderer.format, terminal)
    await writeOneFile(source, section, engine, terminal, async (bytes) => {
      await handle.writeFile(bytes)
    })
  } finally {
    await handle.close()
  }
}
