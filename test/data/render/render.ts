import { createRenderer } from '../../../src/data/render/formats.ts'
import type { OutputFormat } from '../../../src/core/spec/settings.ts'
import type { RenderOptions } from '../../../src/data/render/renderer.ts'

export type Rec = readonly [key: unknown, value: unknown]

/** Files of records, rendered as one result. */
export function renderFiles(
  format: OutputFormat,
  files: readonly (readonly Rec[])[],
  options: RenderOptions = {},
): Buffer[] {
  const renderer = createRenderer(format, options)
  if (renderer.needsScan) for (const [key, value] of files.flat()) renderer.scan(key, value)
  return files.map((records) => {
    const file = renderer.open()
    const parts = [file.begin(), ...records.map(([key, value]) => file.record(key, value)), file.end()]
    return Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array)))
  })
}

export function render(format: OutputFormat, records: readonly Rec[], options: RenderOptions = {}): string {
  return renderFiles(format, [records], options)[0]!.toString()
}
