import { readdirSync, readFileSync } from 'node:fs'

const ROOT = new URL('../../fixtures/formats/', import.meta.url)

export function fixture(path: string): Buffer {
  return readFileSync(new URL(path, ROOT))
}

/** Names in a folder of fixtures that end so. */
export function fixtures(folder: string, suffix: string): string[] {
  return readdirSync(new URL(`${folder}/`, ROOT))
    .filter((name) => name.endsWith(suffix))
    .toSorted()
}
