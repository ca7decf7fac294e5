import { describe, expect, test } from 'vitest'
import type { JobEvent, PhaseProgress } from '../../src/control/api.ts'
import type { Paint } from '../../src/cli/io.ts'
import { ProgressBlock } from '../../src/cli/progress/block.ts'
import { Pace, activePhase, fractionOf } from '../../src/cli/progress/phases.ts'
import { PlainProgress } from '../../src/cli/progress/plain.ts'
import { JOB_ID, OUTCOME, progress } from './fake.ts'

const plain: Paint = (_, text) => text

function phase(name: PhaseProgress['phase'], done: number, total: number, bytes = 0, bytesTotal = 0): PhaseProgress {
  return { phase: name, done, total, bytes, bytesTotal }
}

function event(phases: readonly PhaseProgress[], lanes = 1): JobEvent {
  return {
    ...(progress(0, 1) as Extract<JobEvent, { type: 'progress' }>),
    phases,
    lanes: Array.from({ length: lanes }, (_, i) => ({ node: `id${i}`, name: `data-${i}`, done: i, running: i % 2 })),
  }
}

describe('phases', () => {
  test('a fraction counts bytes where they are known, and is 1 only when all tasks are done', () => {
    expect(fractionOf(phase('map', 1, 4))).toBe(0.25)
    expect(fractionOf(phase('map', 1, 4, 80, 100))).toBe(0.8)
    expect(fractionOf(phase('map', 3, 4, 100, 100))).toBeLessThan(1)
    expect(fractionOf(phase('map', 4, 4, 0, 100))).toBe(1)
    expect(fractionOf(phase('map', 0, 0))).toBe(0)
  })

  test('the active phase is the first unfinished one', () => {
    expect(activePhase([phase('map', 4, 4), phase('reduce', 1, 2)])?.phase).toBe('reduce')
    expect(activePhase([phase('map', 4, 4), phase('reduce', 2, 2)])?.phase).toBe('reduce')
    expect(activePhase([phase('map', 0, 0)])).toBeNull()
  })

  test('no guess before 5 %, then the remaining time by the pace so far', () => {
    const pace = new Pace()
    expect(pace.see(phase('map', 0, 100, 0, 1000), 0)).toBeNull()
    expect(pace.see(phase('map', 4, 100, 40, 1000), 4000)).toBeNull()
    expect(pace.see(phase('map', 25, 100, 250, 1000), 10_000)).toEqual({ bytesPerSecond: 25, remainingMs: 30_000 })
    expect(pace.see(phase('map', 100, 100, 1000, 1000), 40_000)).toBeNull()
  })
})

describe('plain', () => {
  test('a line at each tenth, not more', () => {
    const lines = new PlainProgress(0)
    const said: string[] = []
    for (let done = 0; done <= 100; done++) {
      said.push(...lines.lines(event([phase('map', done, 100, done, 100)]), done, '14:02:11'))
    }
    expect(said).toHaveLength(10)
    expect(said[0]).toBe('14:02:11 map 10%  10/100 tasks  10 B of 100 B')
    expect(said.at(-1)).toBe('14:02:11 map 100%  100/100 tasks  100 B of 100 B')
  })

  test('a line every 30 s while nothing moves', () => {
    const lines = new PlainProgress(0)
    const stuck = event([phase('map', 1, 100)])
    const said = Array.from({ length: 100 }, (_, second) => lines.lines(stuck, second * 1000, 'T')).flat()
    expect(said).toEqual(['T map 1%  1/100 tasks', 'T map 1%  1/100 tasks', 'T map 1%  1/100 tasks'])
  })

  test('each phase begins anew; why it waits is said once', () => {
    const lines = new PlainProgress(0)
    expect(lines.lines(event([phase('map', 10, 10), phase('reduce', 0, 2)]), 1, 'T')).toEqual([])
    expect(lines.lines(event([phase('map', 10, 10), phase('reduce', 1, 2)]), 2, 'T')).toEqual([
      'T reduce 50%  1/2 tasks',
    ])
    const waiting = progress(1, 2, 'data-2 is away')
    expect(lines.lines(waiting, 3, 'T')).toEqual(['T data-2 is away'])
    expect(lines.lines(waiting, 4, 'T')).toEqual(['T map 50%  1/2 tasks  1 kB of 2 kB'])
    expect(lines.lines(waiting, 5, 'T')).toEqual([])
    expect(lines.lines(OUTCOME, 6, 'T')).toEqual([])
  })
})

describe('the live block', () => {
  test('job, a line a phase, a line a node', () => {
    const block = new ProgressBlock(0)
    const seen = event([phase('map', 0, 142, 0, 20_000_000_000), phase('shuffle', 0, 0)], 2)
    block.lines(seen, 0, 100, plain)
    const lines = block.lines(event([phase('map', 115, 142, 16_000_000_000, 20_000_000_000)], 2), 16_000, 100, plain)
    expect(lines).toEqual([
      `job ${JOB_ID.slice(0, 12)}  running  16.0 s`,
      'map     ████████████████░░░░  80%  115/142 tasks  16 GB/20 GB  1 GB/s  ~4 s',
      '  data-0 ░░░░░░░░░░░░░░░░░░░░ 0 done',
      '  data-1 ██████████░░░░░░░░░░ 1 done, 1 running',
    ])
  })

  test('no line is wider than the terminal, nor the block too high', () => {
    const lines = new ProgressBlock(0).lines(event([phase('map', 1, 2, 5, 10)], 40), 0, 40, plain)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40)
    expect(lines).toHaveLength(1 + 1 + 12 + 1)
    expect(lines.at(-1)).toContain('28 nodes more')
  })

  test('a name from another machine brings no control characters', () => {
    const hostile = event([phase('map', 1, 2)])
    const named = { ...hostile, lanes: [{ node: 'x', name: 'a\u001b[2Jb', done: 1, running: 0 }] } as JobEvent
    expect(new ProgressBlock(0).lines(named, 0, 100, plain).join('')).not.toContain('\u001b')
  })
})
