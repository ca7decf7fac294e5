import type { ErrorJson } from '../core/errors.ts'
import { asShoalError, errorToJson } from '../words/thrown.ts'
import { visible, visibleJson, visibleLines } from '../words/visible.ts'
import type { Paint } from './io.ts'
import { linesIn } from './line.ts'

/** An error as a person reads it: what, why, what to try, where to read more. */
export function failureText(error: Omit<ErrorJson, 'schema' | 'retryable' | 'exit'>, paint: Paint): string {
  const lines = [`${paint('red', `error[${error.code}]`)}: ${message(error)}`]
  if (error.why !== undefined && error.why !== '')
    lines.push(...labelled('why', visibleLines(error.why).split('\n'), paint))
  if (error.try.length > 0) lines.push(...labelled('try', error.try.map(visible), paint))
  lines.push(...labelled('more', [`shoal help ${error.code}`], paint))
  return `${lines.join('\n')}\n`
}

/** An error for stderr: a text, or with `json` one line of shoal.error/1. Raw causes only when `verbose`. */
export function renderFailure(error: unknown, form: { json: boolean; verbose: boolean; paint: Paint }): string {
  const json = errorToJson(error)
  if (form.json) return `${visibleJson(json)}\n`
  return failureText(json, form.paint) + (form.verbose ? causes(error) : '')
}

/** One line. Only what user code has thrown may have several: a line that a file's name makes is none of Shoal's. */
function message({ code, message: text }: Pick<ErrorJson, 'code' | 'message'>): string {
  return code === 'JOB_THREW' ? visibleLines(text).replaceAll('\n', '\n        ') : visible(text)
}

function labelled(label: string, lines: readonly string[], paint: Paint): string[] {
  return lines.map((line, i) => (i === 0 ? `  ${paint('dim', `${label}:`.padEnd(5))} ${line}` : `        ${line}`))
}

function causes(error: unknown): string {
  const stacks: string[] = []
  for (let cause: unknown = error; cause instanceof Error && stacks.length < 8; cause = cause.cause) {
    stacks.push(linesIn(cause.stack ?? String(cause)).join('\n'))
  }
  if (stacks.length === 0) stacks.push(String(asShoalError(error).message))
  return `${visibleLines(stacks.join('\ncaused by '))}\n`
}
