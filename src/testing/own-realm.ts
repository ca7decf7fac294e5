import { makeRows } from '../data/formats/rows.ts'
import { hostFactory } from '../data/value.ts'
import { counterBook } from '../task/inside/counter-book.ts'
import { describer } from '../task/inside/describe.ts'
import { drive, type DriverTools } from '../task/inside/drive.ts'
import { intrinsics } from '../task/inside/intrinsics.ts'
import { jobGraph } from '../task/inside/job-graph.ts'
import { lookUps } from '../task/inside/look-ups.ts'
import { randomStream } from '../task/inside/random.ts'
import { type JobCode, MARKS } from '../task/user-code.ts'

/**
 * A job's code as it runs in this very realm, called directly: what the test mocks it sees, its stacks are the test's,
 * and its module is not evaluated anew. `exported` is what that module exports.
 */
export function codeInOwnRealm(exported: unknown, params: Readonly<Record<string, string>>): JobCode {
  const own = intrinsics()
  return {
    params,
    maySkip: true,
    open: (outside) => {
      const tools: DriverTools = {
        counters: counterBook(own),
        describe: describer(own),
        graph: jobGraph(own),
        lookUps: (calls, ask, sides) => lookUps(own, MARKS, calls, ask, sides),
        random: randomStream(own),
      }
      const driver = drive(own, { running: false }, outside, MARKS, tools)
      return { driver, rows: makeRows(), values: hostFactory, load: () => exported }
    },
    share: () => null,
    sourceMap: () => null,
  }
}
