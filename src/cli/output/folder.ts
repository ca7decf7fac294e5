/** A result as files in a folder: its parts, a receipt and `_SUCCESS`; of several outputs, the parts in folders within. */
import { mkdir, open, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Receipt } from '../../control/api.ts'
import { ShoalError } from '../../core/errors.ts'
import type { RenderedFile } from '../../index.ts'
import type { Engine } from '../engine.ts'
import { writeRecords, type ResultSource } from './records.ts'
import { isFolderName, sectionOf, type Section } from './sections.ts'
import { FileInWaiting, syncFolder } from './sink.ts'

const RECEIPT = 'receipt.json'

/** Parts are written under temporary names, then placed together: an older result stays whole until then. */
export async function writeFolder(
  source: ResultSource,
  folder: string,
  sections: readonly Section[],
  engine: Engine,
): Promise<void> {
  const within = sections.map((section) => join(folder, section.folder))
  const made: string[] = []
  const files: FileInWaiting[] = []
  try {
    for (const path of [folder, ...within]) {
      if (existsSync(path)) continue
      await mkdir(path, { recursive: true })
      made.unshift(path)
    }
    await refuseShared(within)
    await writeParts(source, folder, sections, engine, files)
    const receipt = await FileInWaiting.create(join(folder, RECEIPT))
    files.push(receipt)
    await receipt.sink.write(`${JSON.stringify(await source.receipt(), null, 2)}\n`)
    await receipt.close()
    await removeOldResult(folder, within)
    for (const file of files) await file.place()
  } catch (error) {
    for (const file of files) await file.discard()
    for (const path of made) await rmdir(path).catch(() => {})
    throw error
  }
  const folders = [...new Set([...within, folder])]
  for (const path of folders) await syncFolder(path)
  for (const path of folders) {
    await (await open(join(path, '_SUCCESS'), 'w')).close()
    await syncFolder(path)
  }
}

/** On a disk to which `a` and `A` are one name, two outputs would be one folder. */
async function refuseShared(within: readonly string[]): Promise<void> {
  const places = await Promise.all(within.map((path) => stat(path)))
  const shared = within.find((_, i) => places.findIndex(({ ino }) => ino === places[i]!.ino) < i)
  if (shared === undefined) return
  throw new ShoalError('OUTPUT', `the output ${shared} cannot be written`, {
    why: 'another output of the job has the same folder: names that differ only in case are one there',
    try: ['-o DIR/   on a disk that tells them apart', 'other names for the outputs'],
  })
}

async function writeParts(
  { chunks }: ResultSource,
  folder: string,
  sections: readonly Section[],
  engine: Engine,
  files: FileInWaiting[],
): Promise<void> {
  let part = -1
  let open: { file: FileInWaiting; rendered: RenderedFile } | null = null
  const finish = async (): Promise<void> => {
    if (open === null) return
    await open.file.sink.write(open.rendered.end())
    await open.file.close()
  }
  for await (const chunk of chunks()) {
    if (chunk.partition !== part || open === null) {
      await finish()
      part = chunk.partition
      const { renderer, first, folder: own } = sectionOf(sections, chunk)
      const file = await FileInWaiting.create(join(folder, own, partName(part - first, renderer.suffix)))
      files.push(file)
      open = { file, rendered: renderer.open() }
      await file.sink.write(open.rendered.begin())
    }
    await writeRecords(chunk.bytes, open.rendered, open.file.sink, engine)
  }
  await finish()
}

function partName(partition: number, suffix: string): string {
  return `part-${String(partition).padStart(5, '0')}${suffix}`
}

/** What an earlier result left, also in folders of outputs that it had; other files are not ours to remove. */
async function removeOldResult(folder: string, within: readonly string[]): Promise<void> {
  const earlier = (await outputsThere(folder)).map((output) => join(folder, output))
  const folders = new Set([folder, ...within, ...earlier])
  // `_SUCCESS` goes first.
  for (const path of folders) await rm(join(path, '_SUCCESS'), { force: true })
  for (const path of folders) {
    for (const name of existsSync(path) ? await readdir(path) : [])
      if (/^part-\d{5}\.[a-z]+$/.test(name) || (name === RECEIPT && path === folder))
        await rm(join(path, name), { force: true })
    if (path !== folder && !within.includes(path)) await rmdir(path).catch(() => {})
  }
}

/** The outputs of the result that lies in a folder, by its receipt. */
async function outputsThere(folder: string): Promise<string[]> {
  try {
    const { schema, outputs = [] } = JSON.parse(await readFile(join(folder, RECEIPT), 'utf8')) as Receipt
    if (schema !== 'shoal.receipt/1') return []
    return outputs.map(({ output }) => output).filter(isFolderName)
  } catch {
    return []
  }
}
