import { plainText } from './json-text.ts'
import type { RenderedFile, Renderer } from './renderer.ts'

/**
 * Lines: key TAB value; the value alone where the key is null, the key alone where the value is. Strings stand as they
 * are, also with TAB or LF in them: for data that may hold these there is csv. Arrays and objects are JSON.
 */
export const text: Renderer = {
  format: 'text',
  suffix: '.txt',
  needsScan: false,
  scan: () => {},
  open: (): RenderedFile => ({
    begin: () => '',
    record: (key, value) => {
      if (key === null) return `${plainText(value)}\n`
      return value === null ? `${plainText(key)}\n` : `${plainText(key)}\t${plainText(value)}\n`
    },
    end: () => '',
  }),
}
