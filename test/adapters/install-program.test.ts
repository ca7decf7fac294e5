import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { installProgram } from '../../src/adapters/tasks/install-program.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'shoal-runner-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('a task program that is damaged is named, and written anew: what it does would be in every result', async () => {
  const damaged: string[] = []
  const whole = randomBytes(10_000)
  const install = (): Promise<string> => installProgram(folder, whole, (file) => void damaged.push(file))
  const path = await install()
  expect(await install()).toBe(path)
  expect(damaged).toEqual([])
  for (const hurt of [
    whole.with(whole.length >> 1, whole[whole.length >> 1]! ^ 1),
    whole.subarray(0, 100),
    Buffer.alloc(0),
  ]) {
    writeFileSync(path, hurt)
    expect(await install()).toBe(path)
    expect(readFileSync(path).equals(whole)).toBe(true)
    expect(damaged.splice(0)).toEqual([basename(path)])
  }
  expect(readdirSync(folder)).toEqual([basename(path)])
})
