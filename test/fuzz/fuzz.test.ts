import { describe, expect, it } from 'vitest'
import { fuzz, run } from './fuzz.ts'
import { REGRESSIONS } from './regressions.ts'
import { TARGETS } from './targets/all.ts'

describe('a decoder takes its input as a sound value or refuses it', () => {
  it.each(TARGETS.map((target) => [target.name, target] as const))('%s', async (_name, target) => {
    const findings = await fuzz(target, { seed: 1, from: 0, to: target.quick })
    expect(findings.map(({ what, bytes }) => `${what} ${Buffer.from(bytes).toString('base64')}`)).toEqual([])
  })
})

describe('what broke a decoder once does not again', () => {
  it.each(REGRESSIONS)('$target $did', async ({ target: name, base64 }) => {
    const target = TARGETS.find((one) => one.name === name)
    expect(target).toBeDefined()
    expect(await run(target!, Buffer.from(base64, 'base64'))).toBeNull()
    await target!.stop()
  })
})
