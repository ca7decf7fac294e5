import { expect, it } from 'vitest'
import { asShoalError } from '../../src/words/thrown.ts'

it.each(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE'])(
  '%s is told as what the system refuses, not as a bug',
  (code) => {
    const error = asShoalError(Object.assign(new Error(`${code}: refused, write`), { code }))
    expect(error).toMatchObject({
      code: 'NODE_SETUP',
      why: expect.stringMatching(new RegExp(`^[a-z ]+[a-z-]+ \\(${code}\\)$`)),
    })
    expect(error.try).toHaveLength(1)
    expect(error.exit).toBe(1)
  },
)

it('what has another code, or none, is a bug', () => {
  expect(asShoalError(Object.assign(new Error('x'), { code: 'ENOENT' })).code).toBe('INTERNAL')
  expect(asShoalError(new Error('x')).code).toBe('INTERNAL')
})
