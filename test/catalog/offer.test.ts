import { describe, expect, it } from 'vitest'
import { checkOffers, parseOffer, rootId } from '../../src/catalog/offer.ts'

describe('NAME=DIR[,replicated]', () => {
  it.each([
    ['logs=/var/log', { name: 'logs', dir: '/var/log', replicated: false }],
    ['logs=data', { name: 'logs', dir: '/here/data', replicated: false }],
    ['logs=./a/../b/', { name: 'logs', dir: '/here/b', replicated: false }],
    ['logs=/mnt/copy,replicated', { name: 'logs', dir: '/mnt/copy', replicated: true }],
    ['logs=/mnt/copy,replicated/', { name: 'logs', dir: '/mnt/copy,replicated', replicated: false }],
    ['logs=/mnt/copy,replicated/,replicated', { name: 'logs', dir: '/mnt/copy,replicated', replicated: true }],
    ['a=b=c', { name: 'a', dir: '/here/b=c', replicated: false }],
    ['a.b_c-1=/x', { name: 'a.b_c-1', dir: '/x', replicated: false }],
    ['käufe=/x', { name: 'käufe', dir: '/x', replicated: false }],
    ['x=/with space,and "quotes"', { name: 'x', dir: '/with space,and "quotes"', replicated: false }],
  ])('%j', (text, offer) => {
    expect(parseOffer(text, '/here')).toEqual(offer)
  })

  it.each([
    ['logs', 'there is no ='],
    ['=/x', 'the name is empty'],
    ['logs=', 'the directory is empty'],
    ['logs=,replicated', 'the directory is empty'],
    ['a/b=/x', 'letters, digits'],
    ['a b=/x', 'letters, digits'],
    ['..=/x', 'letters, digits'],
    ['a@b=/x', 'letters, digits'],
    [`${'x'.repeat(101)}=/x`, 'at most 100 bytes'],
    ['a=/x\0y', 'NUL'],
  ])('refuses %j', (text, why) => {
    expect(() => parseOffer(text, '/here')).toThrow(
      expect.objectContaining({ code: 'USAGE', exit: 2, why: expect.stringContaining(why) as unknown }),
    )
  })
})

describe('several offers', () => {
  const offer = (name: string, dir: string, replicated = false): ReturnType<typeof parseOffer> => ({
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
