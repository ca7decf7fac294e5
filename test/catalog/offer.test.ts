import { describe, expect, it } from 'vitest'
import { checkOffers, rootId, type DataOffer } from '../../src/catalog/offer.ts'

describe('several offers', () => {
  const offer = (name: string, dir: string, replicated = false): DataOffer => ({
    name,
    dir,
    replicated,
  })

  it.each([
    [[]],
    [[offer('a', '/x'), offer('a', '/y')]],
    [[offer('a', '/x'), offer('b', '/x')]],
    [[offer('a', '/x'), offer('b', '/x', true)]],
    [[offer('a', '/x'), offer('b', '/x/y')]],
    [[offer('a', '/x'), offer('a', '/xy')]],
  ])('go together: %j', (offers) => {
    expect(() => checkOffers(offers)).not.toThrow()
  })

  it.each([
    ['USAGE', [offer('a', '/x'), offer('a', '/x')]],
    ['USAGE', [offer('a', '/x/y'), offer('b', '/z'), offer('a', '/x')]],
    ['USAGE', [offer('a', '/'), offer('a', '/x')]],
    ['DATASET_MODE', [offer('a', '/x'), offer('a', '/y', true)]],
    ['LIMIT', Array.from({ length: 1001 }, (_, i) => offer('a', `/${i}`))],
  ])('do not go together: %s', (code, offers) => {
    expect(() => checkOffers(offers)).toThrow(expect.objectContaining({ code }))
  })

  it('have ids of their own', () => {
    const ids = [offer('a', '/x'), offer('a', '/y'), offer('b', '/x')].map(rootId)
    expect(new Set(ids).size).toBe(3)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{12}$/)
  })
})
