import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { bundleRunner } from '../../src/adapters/esbuild/bundle-runner.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'shoal-runner-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('a task program that is damaged is named, and written anew: what it does would be in every result', async () => {
  const damaged: string[] = []
  const bundle = (): Promise<string> => bundleRunner(folder, (file) => void damaged.push(file))
  const path = await bundle()
  const whole = readFileSync(path)
  expect(await bundle()).toBe(path)
  expect(damaged).toEqual([])
  for (const hurt of [
    whole.with(whole.length >> 1, whole[whole.length >> 1]! ^ 1),
    whole.subarray(0, 100),
    Buffer.alloc(0),
  ]) {
    writeFileSync(path, hurt)
    expect(await bundle()).toBe(path)
    expect(readFileSync(path).equals(whole)).toBe(true)
    expect(damaged.splice(0)).toEqual([basename(path)])
  }
  expect(readdirSync(folder)).toEqual([basename(path)])
})
