import type { Look } from '../core/look.ts'
import type { Format, ReadOptions } from '../core/types.ts'
import { kindProblem, unlikeItsName, type KindProblem } from '../data/formats/look/kinds.ts'
import { nameParts } from '../data/formats/look/names.ts'
import { resolveReadOptions, type ResolvedReadOptions } from '../data/formats/options.ts'
import { cutsOtherwise } from './describe-as.ts'

/** What follows for a file from its name, its look, and the options of an input. */
export interface Reading {
  readonly format: Format
  /** Why it is not read; null where it is. */
  readonly problem: KindProblem | null
  /** The options cut it otherwise than name and look alone say: its holder has to describe it by them. */
  readonly otherwise: boolean
  /** What was found in it makes a difference to how it is read. */
  readonly lookMatters: boolean
  /** It is not what its name says, and read all the same. */
  readonly unlike: string | null
}

/** Of the files of one input. They differ in a few names' endings and looks, and are many: each such pair is thought about once. */
export class Readings {
  readonly #options: ReadOptions
  readonly #known = new Map<string, Reading>()

  constructor(options: ReadOptions) {
    this.#options = options
  }

  /** Throws USAGE, naming this path, where the options have no meaning for it. */
  of(path: string, look: Look | undefined): Reading {
    const { compression, format } = nameParts(path)
    const found = look === undefined ? '' : `${look.compression} ${look.encoding} ${look.lineEnd} ${look.content}`
    const key = `${compression} ${format} ${found}`
    const known = this.#known.get(key) ?? this.#read(path, look)
    this.#known.set(key, known)
    return known
  }

  #read(path: string, look: Look | undefined): Reading {
    const options = this.#options
    const resolved = resolveReadOptions(path, options, look)
    return {
      format: resolved.format,
      problem: look === undefined ? null : kindProblem(path, options, look),
      otherwise: cutsOtherwise(path, options, look),
      lookMatters: JSON.stringify(resolved) !== JSON.stringify(byName(path, options)),
      unlike: look === undefined ? null : unlikeItsName(path, options, look),
    }
  }
}

/** null where the options have a meaning only for what the file holds. */
function byName(path: string, options: ReadOptions): ResolvedReadOptions | null {
  try {
    return resolveReadOptions(path, options)
  } catch {
    return null
  }
}
