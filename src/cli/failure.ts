import { asShoalError, errorToJson, type ErrorJson } from '../core/errors.ts'
import type { Paint } from './io.ts'

/** An error as a person reads it: what, why, what to try, where to read more. */
export function failureText(error: Omit<ErrorJson, 'schema' | 'retryable' | 'exit'>, paint: Paint): string {
  const lines = [`${paint('red', `error[${error.code}]`)}: ${oneLine(error.message)}`]
  if (error.why !== undefined && error.why !== '') lines.push(...labelled('why', error.why.split('\n'), paint))
  if (error.try.length > 0) lines.push(...labelled('try', error.try, paint))
  lines.push(...labelled('more', [`shoal help ${error.code}`], paint))
  return `${lines.join('\n')}\n`
}

/** An error for stderr: a text, or with `json` one line of shoal.error/1. Raw causes only when `verbose`. */
export function renderFailure(error: unknown, form: { json: boolean; verbose: boolean; paint: Paint }): string {
  const json = errorToJson(error)
  if (form.json) return `${JSON.stringify(json)}\n`
  return failureText(json, form.paint) + (form.verbose ? causes(error) : '')
}

function oneLine(message: string): string {
  return message.replaceAll('\n', '\n        ')
}

function labelled(label: string, lines: readonly string[], paint: Paint): string[] {
  return lines.map((line, i) => (i === 0 ? `  ${paint('dim', `${label}:`.padEnd(5))} ${line}` : `        ${line}`))
}

function causes(error: unknown): string {
  const stacks: string[] = []
  for (let cause: unknown = error; cause instanceof Error && stacks.length < 8; cause = cause.cause) {
    stacks.push(cause.stack ?? String(cause))
  }
  if (stacks.length === 0) stacks.push(String(asShoalError(error).message))
  return `${stacks.join('\ncaused by ')}\n`
}
