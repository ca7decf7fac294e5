/** The parts of a result as files, one after the other: one is open at a time. */
import { join } from 'node:path'
import type { ResultChunk } from '../../control/api.ts'
import type { RenderedFile } from '../../index.ts'
import type { Engine } from '../engine.ts'
import type { NestedFolders } from './nested.ts'
import { partName } from './part-name.ts'
import { inFolders, type ResultSource, writeRecords } from './records.ts'
import { sectionOf, type Section } from './sections.ts'
import { FileInWaiting } from './sink.ts'

/** `files` gets each file before its first byte. Of an output in folders a part has a file in each of those that it holds. */
export async function writeParts(
  { chunks }: ResultSource,
  folder: string,
  sections: readonly Section[],
  nested: NestedFolders,
  engine: Engine,
  files: FileInWaiting[],
): Promise<void> {
  let part = -1
  let within: string | null = null
  let open: { file: FileInWaiting; rendered: RenderedFile } | null = null
  const finish = async (): Promise<void> => {
    if (open === null) return
    await open.file.sink.write(open.rendered.end())
    await open.file.close()
    open = null
  }
  const begin = async (path: string, { renderer, first }: Section): Promise<typeof open> => {
    await finish()
    const file = await FileInWaiting.create(join(path, partName(part - first, renderer.suffix)))
    files.push(file)
    open = { file, rendered: renderer.open() }
    await file.sink.write(open.rendered.begin())
    return open
  }
  const writeNested = async ({ bytes }: ResultChunk, section: Section): Promise<void> => {
    for (const { folder: name, record } of inFolders(bytes, engine)) {
      if (name !== within || open === null) {
        within = name
        open = await begin(await nested.add(join(folder, section.folder), name), section)
      }
      const full = open!.file.sink.write(open!.rendered.record(...record))
      if (full !== undefined) await full
    }
  }
  for await (const chunk of chunks()) {
    const section = sectionOf(sections, chunk)
    const isNext = chunk.partition !== part
    part = chunk.partition
    if (isNext) within = null
    if (section.folders) {
      await writeNested(chunk, section)
      continue
    }
    if (isNext || open === null) open = await begin(join(folder, section.folder), section)
    await writeRecords(chunk.bytes, section, open!.rendered, open!.file.sink, engine)
  }
  await finish()
}
