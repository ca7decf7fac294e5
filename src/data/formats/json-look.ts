export function jsonLook(_head: string, _whole: boolean): 'ndjson' | 'json' | 'json-line' | null {
  return null
}
