import { open, mkdir, readdir, rm, rmdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isatty } from 'node:tty'
import type { Receipt, ResultChunk } from '../../control/api.ts'
import { ShoalError } from '../../core/errors.ts'
import { reasonOf } from '../../words/reason.ts'
import type { Renderer } from '../../index.ts'
import type { Engine } from '../engine.ts'
import { writeTo, type Stream } from '../io.ts'
import { shortId } from '../units.ts'
import { BufferedSink, FileInWaiting, TerminalSink, syncFolder, type Sink } from './sink.ts'
import { refuseBinary, type Target } from './target.ts'

/** A result to be written. `chunks` can be asked for more than once: some formats look at all records first. */
export interface ResultSource {
  readonly job: string
  /** The mesh ends with the command (--local, sim): the result cannot be asked for again later. */
  readonly passing: boolean
  chunks(): AsyncIterable<ResultChunk>
  receipt(): Promise<Receipt>
}

/**
 * Writes a result to its target. Files appear whole or not at all; in a folder `_SUCCESS` comes last.
 * @throws ShoalError OUTPUT (disk full, no permission): nothing partial is left
 */
export async function writeResult(
  source: ResultSource,
  target: Target,
  renderer: Renderer,
  engine: Engine,
  stdout: Stream,
): Promise<void> {
  if (renderer.needsScan) {
    for await (const { bytes } of source.chunks()) {
      for (const [key, value] of engine.decodeRecords(bytes)) renderer.scan(key, value)
    }
  }
  if (target.kind === 'stdout')
    return await writeOneFile(source, renderer, engine, target.terminal, (bytes) => writeTo(stdout, bytes))
  try {
    if (target.kind === 'folder') await writeFolder(source, target.path, renderer, engine)
    else if (target.kind === 'file') await writeFile(source, target.path, renderer, engine)
    else await writeDevice(source, target.path, renderer, engine)
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
  renderer: Renderer,
  engine: Engine,
  terminal: boolean,
  out: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const buffered = new BufferedSink(out)
  const sink = terminal ? new TerminalSink(buffered) : buffered
  const file = renderer.open()
  await sink.write(file.begin())
  for await (const { bytes } of source.chunks()) await writeRecords(bytes, file, sink, engine)
  await sink.write(file.end())
  await buffered.flush()
}

async function writeRecords(
  bytes: Uint8Array,
  file: ReturnType<Renderer['open']>,
  sink: Sink,
  engine: Engine,
): Promise<void> {
  for (const [key, value] of engine.decodeRecords(bytes)) {
    const full = sink.write(file.record(key, value))
    if (full !== undefined) await full
  }
}

async function writeFile(source: ResultSource, path: string, renderer: Renderer, engine: Engine): Promise<void> {
  const file = await FileInWaiting.create(path)
  try {
    await writeOneFile(source, renderer, engine, false, async (bytes) => {
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

async function writeDevice(source: ResultSource, path: string, renderer: Renderer, engine: Engine): Promise<void> {
  const handle = await open(path, 'w')
  try {
    // /dev/tty, or /dev/stdout on a terminal.
    const terminal = isatty(handle.fd)
    refuseBinary(renderer.format, terminal)
    await writeOneFile(source, renderer, engine, terminal, async (bytes) => {
      await handle.writeFile(bytes)
    })
  } finally {
    await handle.close()
  }
}

/** Parts are written under temporary names, then placed together: an older result stays whole until then. */
async function writeFolder(source: ResultSource, folder: string, renderer: Renderer, engine: Engine): Promise<void> {
  const isNew = !existsSync(folder)
  await mkdir(folder, { recursive: true })
  const files: FileInWaiting[] = []
  try {
    await writeParts(source, folder, renderer, engine, files)
    const receipt = await FileInWaiting.create(join(folder, 'receipt.json'))
    files.push(receipt)
    await receipt.sink.write(`${JSON.stringify(await source.receipt(), null, 2)}\n`)
    await receipt.close()
    await removeOldResult(folder)
    for (const file of files) await file.place()
  } catch (error) {
    for (const file of files) await file.discard()
    if (isNew) await rmdir(folder).catch(() => {})
    throw error
  }
  await syncFolder(folder)
  await (await open(join(folder, '_SUCCESS'), 'w')).close()
  await syncFolder(folder)
}

async function writeParts(
  source: ResultSource,
  folder: string,
  renderer: Renderer,
  engine: Engine,
  files: FileInWaiting[],
): Promise<void> {
  let part = -1
  let rendered: ReturnType<Renderer['open']> | null = null
  const finish = async (): Promise<void> => {
    const file = files.at(-1)
    if (rendered === null || file === undefined) return
    await file.sink.write(rendered.end())
    await file.close()
  }
  for await (const { partition, bytes } of source.chunks()) {
    if (partition !== part) {
      await finish()
      part = partition
      files.push(await FileInWaiting.create(join(folder, partName(partition, renderer.suffix))))
      rendered = renderer.open()
      await (files.at(-1) as FileInWaiting).sink.write(rendered.begin())
    }
    if (rendered !== null) await writeRecords(bytes, rendered, (files.at(-1) as FileInWaiting).sink, engine)
  }
  await finish()
}

function partName(partition: number, suffix: string): string {
  return `part-${String(partition).padStart(5, '0')}${suffix}`
}

/** What an earlier result left in the folder; other files are not ours to remove. `_SUCCESS` goes first. */
async function removeOldResult(folder: string): Promise<void> {
  await rm(join(folder, '_SUCCESS'), { force: true })
  for (const name of await readdir(folder)) {
    if (/^part-\d{5}\.[a-z]+$/.test(name) || name === 'receipt.json') await rm(join(folder, name), { force: true })
  }
}
