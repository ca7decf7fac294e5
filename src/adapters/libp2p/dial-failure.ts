import { reasonOf } from '../../words/reason.ts'

/** Why a dial failed, as far as libp2p's errors let one tell. */
export interface DialFailure {
  readonly kind: 'self' | 'refused' | 'other-identity' | 'unreachable'
  /** For people, in words of Shoal: the first cause. */
  readonly message: string
}

/**
 * `refused`: whoever answered has another mesh key. libp2p gives an EncryptionFailedError for that, for a peer that is
 * overrun, and for one that closes the socket; only the texts differ: no common encrypter (the key id is in its name),
 * or the first authenticated noise message does not decrypt (`stage 1`).
 * Of several addresses one may lead to another mesh by accident (equal private networks): with `wary` it counts as
 * refused only if all were.
 */
export function classify(error: unknown, wary: boolean): DialFailure {
  const failures = (error instanceof AggregateError ? error.errors : [error]).map((one) => classifyOne(one))
  if (wary && failures.some((failure) => failure.kind !== 'refused')) {
    return (
      failures.find((failure) => failure.kind === 'unreachable') ?? {
        kind: 'unreachable',
        message: 'no address answers',
      }
    )
  }
  const foremost = (['self', 'other-identity', 'refused'] as const).find((kind) =>
    failures.some((failure) => failure.kind === kind),
  )
  return failures.find((failure) => failure.kind === (foremost ?? 'unreachable')) as DialFailure
}

function classifyOne(error: unknown): DialFailure {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  if (/can ?not dial self|tried to dial self/i.test(message))
    return { kind: 'self', message: 'this is the node itself' }
  if (name === 'EncryptionFailedError') {
    if (/does not match expected remote identity/.test(message)) {
      return { kind: 'other-identity', message: 'another node answers there' }
    }
    if (/could not negotiate|stage 1 validation/i.test(message)) {
      return { kind: 'refused', message: 'the node there has another mesh key' }
    }
  }
  if (name === 'TimeoutError' || name === 'AbortError' || /aborted due to timeout/.test(message))
    return { kind: 'unreachable', message: 'no answer has come in time' }
  const otherwise = name === 'EncryptionFailedError' ? 'what answers there is no node, or is overrun' : 'no connection'
  return { kind: 'unreachable', message: reasonOf(error, otherwise) }
}
