const SEGMENTER = new Intl.Segmenter('en', { granularity: 'grapheme' })
const ASCII = /^[\x20-\x7e]*$/
const WIDE =
  /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|[\u{20000}-\u{3FFFD}])/u
const ZERO = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]+$/u

/** Terminal columns that a text takes, by the East Asian Width of its grapheme clusters (UAX #11, UAX #29). */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length
  let width = 0
  for (const { segment } of SEGMENTER.segment(text)) width += graphemeWidth(segment)
  return width
}

/** The text cut to at most `width` columns, with … at its end where something is missing. */
export function cutText(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  let cut = ''
  let used = 0
  for (const { segment } of SEGMENTER.segment(text)) {
    used += graphemeWidth(segment)
    if (used > width - 1) break
    cut += segment
  }
  return `${cut}…`
}

function graphemeWidth(segment: string): number {
  if (WIDE.test(segment)) return 2
  return ZERO.test(segment) ? 0 : 1
}
