const BEGINS =
  /^\s*(?:<(?:!doctype\s|!--|\?xml\s|(?:html|head|body|title|meta|link|style|script|table|svg|rss|feed|error)[\s/>])|\{\\rtf)/i
const FIRST_TAG = /^\s*<([a-z][\w:.-]*)(?:\s[^<>]*)?>\s*</i

/**
 * Whether a text is a page of HTML, or XML, or RTF: what a failed download leaves where data were to be. XML is known by
 * how it begins, or by a first tag that another follows, and that is closed by the last; `whole`: there is no more text.
 */
export function isMarkup(text: string, whole: boolean): boolean {
  if (BEGINS.test(text)) return true
  const tag = whole ? FIRST_TAG.exec(text)?.[1] : undefined
  return tag !== undefined && text.trimEnd().endsWith(`</${tag}>`)
}
