/**
 * The code of simulated stages: what their maps and reduces do, named by words that a job carries as its parameters. Task
 * processes and oracle call it as both would call the functions of a job file.
 */
export type Pair = readonly [key: string, value: number]
type Emit = (key: string, value: number) => void

/** Which functions a stage has: a word of `MAPS`, and one of `REDUCES`. */
export interface Program {
  readonly map: string
  readonly reduce: string
}

/** Of a job of one stage, which counts words. */
const COUNTING: Program = { map: 'count', reduce: 'sum' }

const MODULUS = 1_000_003

/** Depends on the order of what it is given, and on which input that is of. */
function fold(inputs: readonly (readonly number[])[]): number {
  let folded = 1
  for (const [input, values] of inputs.entries())
    for (const value of values) folded = (folded * 31 + value + 7 * input) % MODULUS
  return folded
}

const MAPS: Readonly<Record<string, (key: string, value: number, emit: Emit) => void>> = {
  count: (key, _, emit) => emit(key, 1),
  same: (key, value, emit) => emit(key, value),
  turned: (key, value, emit) => emit(key, (value * 7 + 3) % MODULUS),
  rekeyed: (key, value, emit) => emit(`key-${(value + (key.codePointAt(key.length - 1) ?? 0)) % 11}`, value + 1),
  some: (key, value, emit) => {
    for (let i = 0; i < value % 3; i++) emit(key, value + i)
  },
}

type Reduce = (key: string, inputs: readonly (readonly number[])[], emit: Emit) => void

/** Those of which each record has its group's key. */
const KEEPING: Readonly<Record<string, Reduce>> = {
  sum: (key, inputs, emit) =>
    emit(
      key,
      inputs.reduce((sum, values, i) => values.reduce((n, value) => n + value * (i + 1), sum), 0),
    ),
  folded: (key, inputs, emit) => emit(key, fold(inputs)),
  twice: (key, inputs, emit) => {
    emit(key, fold(inputs))
    emit(key, inputs.flat().length)
  },
  each: (key, inputs, emit) => {
    for (const [i, value] of inputs.flat().entries()) emit(key, value + i)
  },
  joined: (key, inputs, emit) => {
    if (inputs.every((values) => values.length > 0)) emit(key, fold(inputs))
  },
}
const REDUCES: Readonly<Record<string, Reduce>> = {
  ...KEEPING,
  renamed: (_, inputs, emit) => emit(`key-${fold(inputs) % 7}`, fold(inputs)),
}

export const MAP_WORDS: readonly string[] = Object.keys(MAPS)
export const KEEPING_WORDS: readonly string[] = Object.keys(KEEPING)

export function paramsOf(stages: readonly { readonly name: string; readonly does: Program }[]): Record<string, string> {
  return Object.fromEntries(stages.map(({ name, does }) => [name, `${does.map} ${does.reduce}`]))
}

/** Of a stage, by the job's parameters. */
export function programOf(params: Readonly<Record<string, string>>, stage: string): Program {
  const [map, reduce] = params[stage]?.split(' ') ?? []
  return map === undefined || reduce === undefined ? COUNTING : { map, reduce }
}

export function mapPair({ map }: Program, key: string, value: number, emit: Emit): void {
  MAPS[map]!(key, value, emit)
}

/** `inputs`: the values of the key, by what they are read as. */
export function reduceGroup(
  { reduce }: Program,
  key: string,
  inputs: readonly (readonly number[])[],
  emit: Emit,
): void {
  REDUCES[reduce]!(key, inputs, emit)
}

export const combineValues = (a: number, b: number): number => a + b
