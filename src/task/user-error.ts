/** What goes wrong in user code, as people read it. */
import { ShoalError } from '../core/errors.ts'
import { visible } from '../words/visible.ts'
import { TaskFailure } from './failure.ts'
import type { Problem } from './inside/driver.ts'
import { placesOf, placeText, sourceLine } from './stack.ts'

export interface Place {
  readonly place: string
  /** What user code was working on, for the message. */
  readonly record: string
}

/** What the error says besides where it happened. */
export interface UserError {
  readonly code: 'JOB_THREW' | 'USER_VALUE' | 'RECORD_LIMIT'
  readonly title: string
  readonly why?: string | undefined
  readonly try?: readonly string[]
  /** What user code threw. It may be an object of its realm: nobody looks into it here. */
  readonly cause?: unknown
}

/** A failure by user code, which names the line in the user's source and the record, where these are known. */
export function userFailure(
  { code, title, why, try: remedies, cause }: UserError,
  { stack }: Problem,
  place: Place | null,
  sourceMap: string | null,
): TaskFailure {
  const places = placesOf(stack, sourceMap)
  const at = placeText(places)
  const source = places[0] === undefined ? null : sourceLine(sourceMap, places[0])
  const lines = [
    ...(source === null ? [] : [source.trim()]),
    // One line, whatever the file's name and the record hold.
    ...(place === null ? [] : [visible(`${place.place}: ${place.record}`)]),
    ...(why === undefined ? [] : [why]),
  ]
  const error = new ShoalError(code, at === '' ? title : `${at}: ${title}`, {
    why: lines.length === 0 ? undefined : lines.join('\n'),
    try: remedies,
    cause,
  })
  return new TaskFailure('user', error, place?.place ?? '')
}

/** `TypeError: x is not a function`. */
export function titleOf({ name, message, stack }: Problem): string {
  if (name === '' && stack === '') return `thrown, and no Error, so that no line is known: ${message}`
  return name === '' || name === 'Error' ? message : `${name}: ${message}`
}
