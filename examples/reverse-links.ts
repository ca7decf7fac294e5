/**
 * The reverse web-link graph: for each page the pages that link to it. A page also emits itself, so that reduce can
 * tell links to pages of the collection from links to elsewhere.
 *
 *   npm run -s shoal -- run examples/reverse-links.ts --local --data links=examples/data/links
 *
 * Expected answer: expected/reverse-links.tsv, by Python's HTML parser (expected/how/reverse-links.py).
 */
import { defineJob } from 'shoal/job'

type Page = {
  readonly url: string
  readonly html: string
}

const LINK = /<a\s[^>]*?\bhref="([^"]*)"/g

/** The page that a link on `page` means, or null if it leaves the site. */
function resolve(page: string, href: string): string | null {
  const path = href.replace(/[#?].*$/s, '')
  if (path === '' || path.startsWith('/') || /^[A-Za-z][A-Za-z0-9+.-]*:/.test(path)) return null
  const parts = page.split('/').slice(0, -1)
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return parts.join('/')
}

export default defineJob<Page, string, string | null>({
  input: 'links',
  map({ url, html }, { emit }) {
    emit(url, null)
    const targets = new Set<string>()
    for (const [, href] of html.matchAll(LINK)) {
      const target = resolve(url, href ?? '')
      if (target !== null) targets.add(target)
    }
    for (const target of targets) emit(target, url)
  },
  reduce(page, sources, { emit }) {
    let known = false
    const linking = new Set<string>()
    for (const source of sources) {
      if (source === null) known = true
      else linking.add(source)
    }
    if (known && linking.size > 0) emit(page, [...linking].sort())
  },
})
