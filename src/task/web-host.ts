import type { WebHost } from './inside/web.ts'

const PARTS = [
  'href',
  'origin',
  'protocol',
  'username',
  'password',
  'host',
  'hostname',
  'port',
  'pathname',
  'search',
  'hash',
] as const

/** The host's half of `web`: strings in, strings out, so that no host object enters a realm. */
export function makeWebHost(log: (text: string) => void): WebHost {
  const encoder = new TextEncoder()
  const partsOf = (url: URL): string => JSON.stringify(Object.fromEntries(PARTS.map((part) => [part, url[part]])))
  return {
    log,
    utf8: (text) => encoder.encode(text),
    encodingOf: (label) => {
      try {
        return new TextDecoder(label).encoding
      } catch {
        return null
      }
    },
    decode: (label, fatal, ignoreBOM, bytes) => {
      try {
        return new TextDecoder(label, { fatal, ignoreBOM }).decode(bytes)
      } catch {
        return null
      }
    },
    url: (text, base) => {
      const url = base === null ? URL.parse(text) : URL.parse(text, base)
      return url === null ? null : partsOf(url)
    },
    urlWith: (href, part, value) => {
      const url = new URL(href)
      Reflect.set(url, part, value)
      return partsOf(url)
    },
    query: (text) => JSON.stringify([...new URLSearchParams(text)]),
    queryText: (pairs) => new URLSearchParams(JSON.parse(pairs) as [string, string][]).toString(),
    atob: (text) => orNull(() => atob(text)),
    btoa: (text) => orNull(() => btoa(text)),
  }
}

function orNull<T>(work: () => T): T | null {
  try {
    return work()
  } catch {
    return null
  }
}
