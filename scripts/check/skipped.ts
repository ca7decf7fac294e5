/** What a run of the checks has left out, in one line. */

/** Each runs what the one before it runs, and more. */
export const TIERS = ['fast', 'land', 'nightly'] as const
export type Tier = (typeof TIERS)[number]

const COMMANDS: Readonly<Record<Tier, string>> = {
  fast: 'npm run test:fast',
  land: 'npm test',
  nightly: 'npm run test:nightly',
}

/** The checks by the command that would run them, and the tests that lacked what they need. */
export function skippedLine(
  checks: readonly { readonly name: string; readonly tier: Tier }[],
  tests: readonly string[],
): string {
  const groups = TIERS.flatMap((tier) => {
    const names = checks.filter((check) => check.tier === tier).map(({ name }) => name)
    return names.length === 0 ? [] : [`${names.join(', ')} (${COMMANDS[tier]})`]
  })
  if (tests.length > 0) groups.push(`${tests.length} tests: ${tests.map((name) => JSON.stringify(name)).join(', ')}`)
  return groups.length === 0 ? 'not run: nothing was left out' : `not run: ${groups.join('; ')}`
}
