import type { PreparedInput, PreparedJob, SubmitRequest } from '../control/api.ts'
import { ShoalError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import {
  ALLOW_PARTIAL,
  COPIES,
  INPUT,
  KEY,
  PARAM,
  PARTITIONS,
  TASK_MEMORY,
  TASK_TIMEOUT,
  WAIT_FOR_DATA,
} from './flags.ts'
import { nearestOne } from '../words/nearest.ts'
import type { Settings } from './settings.ts'

/** A prepared job with all that the flags say. @throws ShoalError USAGE */
export function submissionOf(job: PreparedJob, settings: Settings): SubmitRequest {
  return {
    job: {
      ...job,
      params: { ...job.params, ...givenParams(settings) },
      inputs: overrideInputs(job.inputs, settings.all(INPUT)),
      partitions: partitionsOf(job, settings),
    },
    key: settings.get(KEY) ?? null,
    allowPartial: settings.on(ALLOW_PARTIAL),
    waitForDataMs: settings.get(WAIT_FOR_DATA) ?? 0,
    limits: {
      copies: settings.get(COPIES) ?? LIMITS.copiesDefault,
      taskMemory: settings.get(TASK_MEMORY) ?? null,
      taskTimeoutMs: settings.get(TASK_TIMEOUT) ?? null,
    },
  }
}

/**
 * A --param that the job does not declare is allowed; one that nearly has the name of a declared one is a typing error.
 */
export function misspeltParams({ params }: PreparedJob, settings: Settings): string[] {
  const declared = Object.keys(params)
  return Object.keys(givenParams(settings))
    .filter((given) => !declared.includes(given))
    .map((given) => ({ given, meant: nearestOne(given, declared) }))
    .filter(({ meant }) => meant !== null)
    .map(({ given, meant }) => `--param ${given}: the job declares no such parameter; did you mean ${meant}?`)
}

function partitionsOf(job: PreparedJob, settings: Settings): number | null {
  const given = settings.get(PARTITIONS) ?? null
  if (given !== null && job.stages !== undefined)
    throw new ShoalError('USAGE', '--partitions: the job has several stages, each with partitions of its own', {
      try: [`partitions: ${given} in the stage that is meant`],
    })
  return given ?? job.partitions
}

/** What --param says. @throws ShoalError USAGE */
export function givenParams(settings: Settings): Record<string, string> {
  return Object.fromEntries(
    settings.all(PARAM).map((text) => {
      const equals = text.indexOf('=')
      if (equals <= 0) throw new ShoalError('USAGE', `--param ${text}: it takes K=V`, { try: ['--param currency=EUR'] })
      return [text.slice(0, equals), text.slice(equals + 1)]
    }),
  )
}

/** `[ALIAS=]DATASET[/GLOB][@SNAPSHOT]` in place of what the job names; how the input is read stays as the job says. */
export function overrideInputs(inputs: readonly PreparedInput[], overrides: readonly string[]): PreparedInput[] {
  const replaced = new Map<string, string>()
  for (const text of overrides) {
    const [, given, data = ''] = /^(?:([^=/@]*)=)?(.*)$/s.exec(text) ?? []
    const alias = aliasFor(given, inputs, text)
    if (data === '') throw new ShoalError('USAGE', `--input ${text} names no dataset`)
    if (replaced.has(alias)) {
      throw new ShoalError(
        'USAGE',
        `--input is given twice for ${alias === '' ? 'the one input of the job' : `input ${alias}`}`,
        {
          try: ['a glob takes several files of a dataset: --input "logs/2026-*.csv"'],
        },
      )
    }
    replaced.set(alias, data)
  }
  return inputs.map((input) => ({ ...input, data: replaced.get(input.alias) ?? input.data }))
}

function aliasFor(given: string | undefined, inputs: readonly PreparedInput[], text: string): string {
  const aliases = inputs.map((input) => input.alias)
  if (given === undefined) {
    if (aliases.length === 1) return aliases[0] as string
    throw new ShoalError('USAGE', `--input ${text}: the job has several inputs, say which`, {
      try: aliases.map((alias) => `--input ${alias}=${text}`),
    })
  }
  if (given !== '' && aliases.includes(given)) return given
  const meant = nearestOne(given, aliases)
  const named = aliases.filter((alias) => alias !== '')
  throw new ShoalError('USAGE', `--input ${text}: the job has no input ${JSON.stringify(given)}`, {
    why: named.length === 0 ? 'its one input has no alias' : `its inputs are ${named.join(', ')}`,
    try: [`--input ${meant === null || meant === '' ? '' : `${meant}=`}${text.slice(text.indexOf('=') + 1)}`],
  })
}
