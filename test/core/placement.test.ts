import { assert, integer, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { place, rendezvous } from '../../src/core/plan/placement.ts'
import type { NodeId } from '../../src/core/types.ts'

const nodesOf = (count: number): NodeId[] => Array.from({ length: count }, (_, i) => `node-${i}` as NodeId)

describe('placement', () => {
  test('gives every partition all nodes, and no node more than its share of first places', () => {
    assert(
      property(
        integer({ min: 1, max: 300 }),
        integer({ min: 1, max: 40 }),
        integer({ max: 99 }),
        (partitions, n, job) => {
          const nodes = nodesOf(n)
          const lists = place(String(job), partitions, nodes)
          expect(lists).toHaveLength(partitions)
          for (const list of lists) expect([...list].sort()).toEqual([...nodes].sort())
          for (const node of nodes)
            expect(lists.filter((list) => list[0] === node).length).toBeLessThanOrEqual(Math.ceil(partitions / n))
        },
      ),
      { numRuns: 100 },
    )
  })

  test('does not depend on the order in which nodes are listed', () => {
    const nodes = nodesOf(9)
    expect(place('job', 50, nodes.toReversed())).toEqual(place('job', 50, nodes))
  })

  test('of a mesh without nodes is empty lists', () => {
    expect(place('job', 2, [])).toEqual([[], []])
  })

  test('spreads a lost owner over all others, and moves nothing else', () => {
    const nodes = nodesOf(10)
    const lists = place('job', 400, nodes)
    const lost = nodes[3]!
    const heirs = new Map<NodeId, number>()
    for (const list of lists) {
      const alive = list.filter((node) => node !== lost)
      if (list[0] === lost) heirs.set(alive[0]!, (heirs.get(alive[0]!) ?? 0) + 1)
      else expect(alive[0]).toBe(list[0])
    }
    // 40 partitions over nine heirs: no one gets more than a third of them.
    expect(heirs.size).toBeGreaterThanOrEqual(7)
    expect(Math.max(...heirs.values())).toBeLessThanOrEqual(14)
  })

  test('a node that joins takes about its share', () => {
    const before = place('job', 1_000, nodesOf(9)).map((list) => list[0]!)
    const after = place('job', 1_000, nodesOf(10)).map((list) => list[0]!)
    const moved = before.filter((node, p) => node !== after[p]).length
    // 100 must move to the new node; the cap moves some more.
    expect(moved).toBeLessThan(250)
  })
})

describe('rendezvous', () => {
  test('is a permutation, and removing one node leaves the order of the rest', () => {
    const nodes = nodesOf(20)
    const order = rendezvous('item', nodes)
    expect([...order].sort()).toEqual([...nodes].sort())
    const rest = nodes.filter((node) => node !== nodes[7])
    expect(rendezvous('item', rest)).toEqual(order.filter((node) => node !== nodes[7]))
  })

  test('puts each node first about equally often', () => {
    const first = new Map<NodeId, number>()
    for (let i = 0; i < 5_000; i++) {
      const [node] = rendezvous(`item ${i}`, nodesOf(5))
      first.set(node!, (first.get(node!) ?? 0) + 1)
    }
    for (const count of first.values()) expect(Math.abs(count - 1_000)).toBeLessThan(150)
  })
})
