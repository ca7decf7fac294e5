/** Numbers that scripts are given: what is none ends the script with one line and 2, and measures nothing. */

/** At least `low`. */
export function amount(name: string, text: string, low: number = 0): number {
  const number = Number(text)
  return text.trim() !== '' && Number.isFinite(number) && number >= low
    ? number
    : refuse(`--${name} takes a number, at least ${low}, and not ${JSON.stringify(text)}`)
}

/** A whole number, at least `low`. */
export function whole(name: string, text: string, low: number = 0): number {
  const number = amount(name, text, low)
  return Number.isSafeInteger(number) ? number : refuse(`--${name} takes a whole number, and not ${text}`)
}

function refuse(why: string): never {
  console.error(why)
  process.exit(2)
}
