import { expect, test } from 'vitest'
import { classify } from '../../../src/adapters/libp2p/dial-failure.ts'

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name })
const system = (code: string): Error =>
  Object.assign(new Error(`connect ${code} 10.0.0.5:4001`), { code, syscall: 'connect' })

test.each([
  [system('ECONNREFUSED'), 'nobody listens there (ECONNREFUSED)'],
  [system('EHOSTUNREACH'), 'no way leads to that machine (EHOSTUNREACH)'],
  [new AggregateError([system('ENOTFOUND'), system('ECONNREFUSED')]), 'no machine has that name (ENOTFOUND)'],
  [named('TimeoutError', 'The operation was aborted due to timeout'), 'no answer has come in time'],
  [named('EncryptionFailedError', 'The operation was aborted due to timeout'), 'no answer has come in time'],
  [named('EncryptionFailedError', 'Missing newline'), 'what answers there is no node, or is overrun'],
  [named('NoValidAddressesError', 'The dial request has no valid addresses'), 'no connection'],
  [new TypeError('x is not a function'), 'no connection'],
])('%s: %s', (error, message) => {
  expect(classify(error, false)).toEqual({ kind: 'unreachable', message })
})
