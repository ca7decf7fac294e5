import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod/mini'
import { ShoalError } from '../../src/core/errors.ts'
import { asShoalError } from '../../src/words/thrown.ts'
import { misfitText, reasonOf, systemReason, systemReasonWithPath } from '../../src/words/reason.ts'

function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

test('what the system says, in words, with the code that one can look up', () => {
  const gone = thrownBy(() => readFileSync('/no/such/file'))
  expect(systemReason(gone)).toBe('no such file or directory (ENOENT)')
  expect(systemReasonWithPath(gone)).toBe('/no/such/file: no such file or directory (ENOENT)')
  expect(systemReason(Object.assign(new Error('x'), { code: 'EACCES' }))).toBe('permission is denied (EACCES)')
  expect(systemReason(Object.assign(new Error('x'), { code: 'EWEIRD', syscall: 'open' }))).toBe(
    'the system refuses it (EWEIRD)',
  )
})

test('an error of the system that nobody expected has no text of an engine in it', () => {
  const { code, message, why } = asShoalError(thrownBy(() => readFileSync('/')))
  expect({ code, message, why }).toEqual({
    code: 'NODE_SETUP',
    message: 'the system refused what the node needs',
    why: 'it is a directory (EISDIR)',
  })
})

test('sentences of Shoal are told, those of an engine or a library are not', () => {
  const otherwise = 'it is no JSON'
  expect(reasonOf(new ShoalError('LIMIT', 'too many'), otherwise)).toBe('too many')
  expect(reasonOf(new Error('the stream is closed'), otherwise)).toBe('the stream is closed')
  const foreign = [
    thrownBy(() => JSON.parse('{')),
    thrownBy(() => (null as unknown as { a: { b: number } }).a.b),
    Object.assign(new Error('inner words'), { name: 'StreamResetError' }),
    Object.assign(new Error('inner words'), { code: 'ERR_INVALID_ARG_TYPE' }),
    new ShoalError('INTERNAL', 'x is not a function'),
    'text',
  ]
  for (const error of foreign) expect(reasonOf(error, otherwise)).toBe(otherwise)
})

test('what does not fit a shape is named, in words', () => {
  const shape = z.object({
    job: z.object({ since: z.string(), tags: z.array(z.number()) }),
    name: z.string().check(z.maxLength(3)),
    state: z.enum(['on', 'off']),
    own: z.custom(() => false, 'no parameter is __proto__'),
  })
  const parsed = shape.safeParse({ job: { since: 7, tags: 'x' }, name: 'abcd', state: 'up', own: 1 })
  expect(misfitText(parsed.error?.issues ?? []).split('; ')).toEqual([
    'job.since is no text',
    'job.tags is no list',
    'name is more than 3',
    'state is not as it should be',
    'own: no parameter is __proto__',
  ])
  expect(misfitText(z.string().safeParse(7).error?.issues ?? [])).toBe('it is no text')
})
