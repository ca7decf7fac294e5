/** Warnings of one kind are one line: how many, and the first as an example. */
export class Warnings {
  readonly #kinds = new Map<string, { count: number; first: string }>()

  add(kind: string, example: string): void {
    const known = this.#kinds.get(kind)
    if (known === undefined) this.#kinds.set(kind, { count: 1, first: example })
    else {
      known.count++
      if (example < known.first) known.first = example
    }
  }

  lines(): string[] {
    return [...this.#kinds].map(([kind, { count, first }]) => `${count} ${kind} (the first: ${JSON.stringify(first)})`)
  }
}
