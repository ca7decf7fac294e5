/** Inputs that broke a decoder once. */
export interface Regression {
  readonly target: string
  /** What it did. */
  readonly did: string
  readonly base64: string
}

export const REGRESSIONS: readonly Regression[] = [
  { target: 'value', did: 'gave a Date that is none', base64: 'CkOUAAAAAAAA' },
  { target: 'key', did: 'gave a Date that is none', base64: 'ABIAAAAAAAAAAA==' },
  {
    target: 'run',
    did: 'gave records beyond their block, for ever where a length was no number',
    base64:
      'U0hyMQAAAJ8AAAB2mdPoSii1L/0gn20DAMIFFB+wJ40B0GkFqXQABTOLIksDTDVaWyyhjhKydttEypQC6ZBSqvyR8wywdQExKAQOwjJgEOdsGdOdMz/V2aIPj8TCCDQK50rRJ7U2zTGt9tcPCwBACDeXQQNA1M4B4DCc/WVaAEFoGdXBwQE=',
  },
  {
    target: 'reduce',
    did: 'ended the process by a broken invariant: a record of a split that there is not',
    base64: 'U0hyMQAAAEUAAAA5XNHKPCi1L/0gRYUBADQCJU21S5Vh36AAAAEDBgEFDAnyAcwBAQsAAAILBwlAAAELAAEEADQPwSWCdp02mQ==',
  },
]
