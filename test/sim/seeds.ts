/** Runs seeds one after the other, up to the first that shows a violation; that one's schedule is shrunk. */
import { brokenCore } from './broken/cores.ts'
import type { Answer, Found, Order, Totals } from './crew.ts'
import { run, type Report } from './run.ts'
import { describeFault, drawScenario, type Scenario } from './scenario.ts'
import { shrink } from './shrink.ts'
import type { Variant } from './variant.ts'

export async function simulateSeeds(variant: Variant, { from, count, trace }: Order): Promise<Answer> {
  const totals: Totals = { seeds: 0, events: 0, elapsed: 0, executions: 0, tasks: 0, healing: 0 }
  for (let seed = from; seed < from + count; seed++) {
    const unsteady = brokenCore(variant.broken)?.unsteady === true
    const whole = drawScenario({ seed, nodes: variant.nodes ?? undefined, unsteady })
    const keep = variant.keep ?? whole.faults.map((_, i) => i)
    const report = await run(only(whole, keep), trace ? (line) => console.log(line) : null)
    add(totals, report)
    if (report.violation !== null) return { totals, found: await foundIn(whole, keep, report, variant.keep !== null) }
  }
  return { totals, found: null }
}

function only(scenario: Scenario, keep: readonly number[]): Scenario {
  return { ...scenario, faults: keep.flatMap((i) => scenario.faults[i] ?? []) }
}

async function foundIn(whole: Scenario, keep: readonly number[], report: Report, asked: boolean): Promise<Found> {
  const shows = async (kept: readonly number[]): Promise<boolean> => {
    const { violation } = await run(only(whole, kept))
    return violation?.rule === report.violation!.rule
  }
  const least = asked ? keep : await shrink(keep, shows)
  return {
    seed: whole.seed,
    rule: report.violation!.rule,
    message: report.violation!.message,
    nodes: whole.nodes,
    keep: least,
    faults: least.map((i) => describeFault(whole.faults[i]!)),
  }
}

function add(totals: Totals, report: Report): void {
  totals.seeds++
  totals.events += report.events
  totals.elapsed += report.elapsed
  totals.executions += report.executions
  totals.tasks += report.tasks
  totals.healing = Math.max(totals.healing, report.healing)
}
