import { jsonText } from './json-text.ts'
import type { RenderedFile, Renderer } from './renderer.ts'

/** One `{"key":…,"value":…}` a line. */
export const ndjson: Renderer = {
  format: 'ndjson',
  suffix: '.ndjson',
  needsScan: false,
  scan: () => {},
  open: (): RenderedFile => ({
    begin: () => '',
    record: (key, value) => `{"key":${jsonText(key)},"value":${jsonText(value)}}\n`,
    end: () => '',
  }),
}

/** The same objects as one array, one a line. */
export const json: Renderer = {
  format: 'json',
  suffix: '.json',
  needsScan: false,
  scan: () => {},
  open: (): RenderedFile => {
    let separator = '\n'
    return {
      begin: () => '[',
      record: (key, value) => {
        const text = `${separator}{"key":${jsonText(key)},"value":${jsonText(value)}}`
        separator = ',\n'
        return text
      },
      end: () => (separator === '\n' ? ']\n' : '\n]\n'),
    }
  },
}
