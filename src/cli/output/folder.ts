/**
 * A result as files in a folder: its parts, a receipt and `_SUCCESS`; of several outputs, the parts in folders within; of an
 * output in folders, in these.
 */
import { mkdir, open, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Receipt } from '../../control/api.ts'
import { ShoalError } from '../../core/errors.ts'
import type { Engine } from '../engine.ts'
import { NestedFolders, removeNested } from './nested.ts'
import { isPartName } from './part-name.ts'
import { writeParts } from './parts.ts'
import type { ResultSource } from './records.ts'
import { isFolderName, type Section } from './sections.ts'
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
  const nested = new NestedFolders()
  const files: FileInWaiting[] = []
  try {
    for (const path of [folder, ...within]) {
      if (existsSync(path)) continue
      await mkdir(path, { recursive: true })
      made.unshift(path)
    }
    await refuseShared(within)
    await writeParts(source, folder, sections, nested, engine, files)
    const receipt = await FileInWaiting.create(join(folder, RECEIPT))
    files.push(receipt)
    await receipt.sink.write(`${JSON.stringify(await source.receipt(), null, 2)}\n`)
    await receipt.close()
    await removeOldResult(folder, within)
    for (const file of files) await file.place()
  } catch (error) {
    for (const file of files) await file.discard()
    await nested.discard()
    for (const path of made) await rmdir(path).catch(() => {})
    throw error
  }
  await nested.sync()
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

/** What an earlier result left, also in folders of outputs that it had; other files are not ours to remove. */
async function removeOldResult(folder: string, within: readonly string[]): Promise<void> {
  const earlier = (await outputsThere(folder)).map((output) => join(folder, output))
  const folders = new Set([folder, ...within, ...earlier])
  // `_SUCCESS` goes first.
  for (const path of folders) await rm(join(path, '_SUCCESS'), { force: true })
  for (const path of folders) {
    if (!existsSync(path)) continue
    for (const name of await readdir(path))
      if (isPartName(name) || (name === RECEIPT && path === folder)) await rm(join(path, name), { force: true })
    await removeNested(path)
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
