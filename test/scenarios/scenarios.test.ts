/**
 * Stories of whole meshes as text: each file has commands (`>`), and below each what the nodes did until the next one.
 * To change one, edit its commands, run `npm run -s unit -- test/scenarios -u`, and read the difference: what changes
 * must be what you meant to change.
 *
 *   > nodes N                          > kill n2 · start n2 · sleep n2 8s
 *   > job maps=M reduces=R holders=H   > cut n1 n2 | n3 · heal
 *   > odd map 1 (gives another output at each execution)   > cancel n1 · retry n1 · run 2s · show
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { Effect } from '../../src/core/effects.ts'
import type { Event } from '../../src/core/events.ts'
import type { Outcome } from '../../src/core/ledger/outcome.ts'
import type { JobRecord, NodeId, TaskIndex } from '../../src/core/types.ts'
import { expectedResult, makeJob } from '../core/fake-work.ts'
import type { Behaviour, Execution } from '../core/fake-tasks.ts'
import { World } from '../core/harness.ts'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const MS = { sample: 200, bounds: 100, map: 400, reduce: 300 }

class Story {
  readonly lines: string[] = []
  private world: World | null = null
  private job: JobRecord | null = null
  private odd: string | null = null

  command(text: string): void {
    const [verb = '', ...words] = text.split(' ')
    const [node] = words as NodeId[]
    switch (verb) {
      case 'nodes':
        this.world = new World({
          nodes: Number(words[0]),
          seed: 1,
          network: { delay: [5, 5] },
          behave: (execution) => this.behave(execution),
          watch: (at, who, event, effects) => this.tell(at, who, event, effects),
        })
        // They have met, and have listened for long enough to judge who is away.
        this.world.run(10_000)
        break
      case 'job':
        this.submit(new Map(words.map((word) => word.split('=') as [string, string])))
        break
      case 'odd':
        this.odd = words.join(' ')
        break
      case 'run':
        this.mesh.run(milliseconds(words[0]!))
        break
      case 'kill':
        this.mesh.kill(node!)
        break
      case 'start':
        this.mesh.start(node!)
        break
      case 'sleep':
        this.mesh.sleep(node!, milliseconds(words[1]!))
        break
      case 'cut': {
        const bar = words.indexOf('|')
        this.mesh.cut(words.slice(0, bar) as NodeId[], words.slice(bar + 1) as NodeId[])
        break
      }
      case 'heal':
        this.mesh.heal()
        break
      case 'cancel':
      case 'retry':
        this.mesh.tell(node!, { type: verb, job: this.record.id })
        break
      case 'show':
        for (const name of this.mesh.names) this.lines.push(`          ${name}: ${this.show(name)}`)
        break
      default:
        throw new Error(`no command ${verb}`)
    }
  }

  private get mesh(): World {
    if (this.world === null) throw new Error('begin with: nodes N')
    return this.world
  }

  private get record(): JobRecord {
    if (this.job === null) throw new Error('no job yet')
    return this.job
  }

  private submit(options: ReadonlyMap<string, string>): void {
    const number = (name: string, otherwise: number): number => Number(options.get(name) ?? otherwise)
    this.job = makeJob({
      members: this.mesh.names,
      maps: number('maps', 4),
      reduces: number('reduces', 2),
      holders: number('holders', 1),
      copies: number('copies', 2),
      sort: options.get('sort') === 'true',
    })
    this.mesh.submit('n1' as NodeId, this.job)
  }

  private behave({ task, nth }: Execution): Behaviour {
    return { ms: MS[task.step.kind], salt: this.odd === this.name(task.index) ? `execution ${nth}` : '' }
  }

  /** A task as people count: the kind, and its place in its stage. */
  private name(index: TaskIndex): string {
    const { plan } = this.mesh
      .state(this.mesh.up.find((node) => this.mesh.state(node).jobs.size > 0)!)
      .jobs.get(this.record.id)!
    const { step, at } = plan.tasks[index]!
    return step.count === 1 && step.gives === 'fact' ? step.name : `${step.name} ${at}`
  }

  private names(tasks: readonly TaskIndex[]): string {
    return tasks.map((task) => this.name(task)).join(', ')
  }

  private show(name: NodeId): string {
    if (!this.mesh.up.includes(name)) return 'down'
    const job = this.mesh.state(name).jobs.get(this.record.id)
    if (job === undefined) return 'does not know the job'
    const has = [...job.has].sort((a, b) => a - b)
    return `round ${job.ledger.round}, ${this.text(job.ledger.outcome)}; has ${has.length === 0 ? 'nothing' : this.names(has)}`
  }

  private text(outcome: Outcome): string {
    if (outcome.kind === 'failed') return `failed: ${outcome.error.code}: ${outcome.error.message}`
    if (outcome.kind !== 'sealed') return outcome.kind
    return `sealed ${outcome.result.slice(0, 8)} (${outcome.result === expectedResult(this.record) ? 'exact' : 'WRONG'})`
  }

  private tell(at: number, node: NodeId, event: Event, effects: readonly Effect[]): void {
    const said = [this.ofEvent(event), ...effects.map((effect) => this.ofEffect(effect, node))]
    for (const text of said)
      if (text !== null) this.lines.push(`  ${(at / 1_000).toFixed(3).padStart(7)} ${node} ${text}`)
  }

  private ofEvent(event: Event): string | null {
    switch (event.type) {
      case 'attempt-done': {
        const { task } = this.mesh.executions.findLast((e) => e.attempt === event.attempt && e.end === 'done')!
        return `has done ${this.name(task.index)}: ${event.output.digest.slice(0, 8)}`
      }
      case 'peer':
        return this.job === null ? null : `${event.connected ? 'sees' : 'loses'} ${event.peer}`
      case 'job':
        return event.kept.length === 0 ? 'knows the job' : 'has the job on its disk'
      case 'tick':
        return event.stalled > 0 ? 'wakes up' : null
      default:
        return null
    }
  }

  private ofEffect(effect: Effect, node: NodeId): string | null {
    switch (effect.type) {
      case 'start': {
        const { claim } = this.mesh.state(node).jobs.get(effect.job)!.ledger.tasks[effect.task]!
        return `starts ${this.name(effect.task)}${claim !== null && claim.term > 1 ? `, term ${claim.term}` : ''}`
      }
      case 'stop':
        return `stops an attempt: ${effect.why}`
      case 'push':
        return `pushes ${this.name(effect.task)} to ${effect.to} for ${this.names(effect.consumers)}`
      case 'pull':
        return effect.copy
          ? `copies ${this.name(effect.task)} from ${effect.from}`
          : `pulls ${this.name(effect.task)} from ${effect.from} for ${this.names(effect.consumers)}`
      case 'outcome':
        return `says: ${this.text(effect.outcome)}`
      case 'release':
        return 'lets its runs go'
      default:
        return null
    }
  }
}

function milliseconds(text: string): number {
  const match = /^(\d+)(ms|s)$/.exec(text)
  if (match === null) throw new Error(`not a time: ${text}`)
  return Number(match[1]) * (match[2] === 's' ? 1_000 : 1)
}

/** The file anew: its comments and commands, each followed by what happened. */
function replay(text: string): string {
  const story = new Story()
  for (const line of text.split('\n')) {
    if (!line.startsWith('#') && !line.startsWith('>')) continue
    story.lines.push(line)
    if (line.startsWith('> ')) story.command(line.slice(2))
  }
  return `${story.lines.join('\n')}\n`
}

test.each(readdirSync(FOLDER).filter((name) => name.endsWith('.txt')))('%s', async (name) => {
  await expect(replay(readFileSync(`${FOLDER}${name}`, 'utf8'))).toMatchFileSnapshot(`${FOLDER}${name}`)
})
