import { ShoalError } from '../core/errors.ts'
import { reasonOf } from '../words/reason.ts'
import { isGone } from './files.ts'
import type { DataOffer } from './offer.ts'
import type { RootScan } from './scan.ts'

export type ScanOutcome = { readonly scan: RootScan } | { readonly missing: string }

/**
 * Scans of one directory, one at a time. Whoever needs one that began after a certain moment joins the next such;
 * moments are counted by a counter that all directories of a node share.
 */
export class RootScanner {
  readonly #scan: () => Promise<RootScan>
  readonly #offer: DataOffer
  readonly #tick: () => number
  readonly #apply: (outcome: ScanOutcome) => void
  #running: Promise<void> | null = null
  #finished = 0

  constructor(
    offer: DataOffer,
    scan: () => Promise<RootScan>,
    tick: () => number,
    apply: (outcome: ScanOutcome) => void,
  ) {
    this.#offer = offer
    this.#scan = scan
    this.#tick = tick
    this.#apply = apply
  }

  /** Resolves when a scan that began after `moment` has been applied. */
  async since(moment: number): Promise<void> {
    while (this.#finished <= moment) {
      this.#running ??= this.#run()
      await this.#running
    }
  }

  async #run(): Promise<void> {
    const began = this.#tick()
    try {
      this.#apply(await this.#outcome())
      this.#finished = began
    } finally {
      this.#running = null
    }
  }

  async #outcome(): Promise<ScanOutcome> {
    try {
      return { scan: await this.#scan() }
    } catch (error) {
      if (error instanceof Error && error.name === 'AbortError') throw error
      const { dir } = this.#offer
      if (isNoDirectory(error)) return { missing: `${dir} is not a directory` }
      if (isGone(error)) return { missing: `${dir} is missing` }
      const why = reasonOf(error, 'something went wrong')
      return { missing: `${dir} cannot be listed: ${why}` }
    }
  }
}

function isNoDirectory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOTDIR'
}

/** A directory that this node has never seen, and that is not there now, is a mistake on the command line. */
export function cannotOffer(offer: DataOffer, why: string): ShoalError {
  const suffixed = why.endsWith('is missing') && offer.replicated
  return new ShoalError('DATA_DIR', `--data ${offer.name}=${offer.dir} cannot be offered`, {
    why,
    try: [
      'give a directory that exists and that this user may read',
      ...(suffixed
        ? [`a directory whose own name ends in ,replicated: --data ${offer.name}=${offer.dir},replicated/`]
        : []),
    ],
  })
}
