/** A simulated mesh under one agenda: nodes, network, jobs and the faults of a schedule. One seed gives one history. */
import type { JobId, Millis, NodeId } from '../../src/core/types.ts'
import type { AttemptSpec } from '../../src/ports.ts'
import type { ReduceWork } from '../../src/core/plan/work.ts'
import { cancelJob, removeJob } from '../../src/runtime/api/decisions.ts'
import type { CatalogBody } from '../../src/catalog/body.ts'
import { Agenda } from '../core/agenda.ts'
import { Checks, Violation } from './checks.ts'
import { CALM, Network } from './network.ts'
import { SimNode, type NodeWorld } from './node.ts'
import { SimProcess } from './process.ts'
import { Random } from './random.ts'
import { describeFault, type Fault, type Scenario, type SimJob } from './scenario.ts'
import { StageFaults } from './stage-faults.ts'
import { isSoleHolder, nodeIds, requestFor, shardsOf } from './setting.ts'
import { workName } from './tasks.ts'
import { catalogOf } from './workload.ts'

/** For each pair of nodes; the longest histories have a quarter of that. */
const EVENTS_MAX = 1_000

export class World implements NodeWorld {
  readonly agenda: Agenda = new Agenda()
  readonly network: Network
  readonly nodes: readonly SimNode[]
  readonly checks: Checks = new Checks()
  /** Jobs that a submission has said yes to, and that more than one node knew then. */
  readonly acknowledged: Map<string, JobId> = new Map()
  /** Attempts begun, on any node. */
  executions = 0
  /** Events that nodes have taken. */
  events = 0
  violation: Violation | null = null
  /** The machine that never comes back. */
  gone: SimNode | null = null
  /** Each node's catalog with all of the replicated dataset in it, and the nodes that have been given it. */
  readonly #copies: ReadonlyMap<SimNode, CatalogBody>
  readonly #copied = new Set<SimNode>()
  readonly #random: Random
  readonly #scenario: Scenario
  /** Who waits for a job to be sealed anywhere. */
  #atSeal: readonly { readonly node: number; readonly job: string }[] = []
  /** Faults that follow a submission, until it is said yes to. */
  #awaiting: readonly Fault[]
  readonly #atStage = new StageFaults()
  #troubleUntil: Millis = 0
  /** Jobs that were refused because a node is away, and nobody knows what it had. */
  readonly #refused = new Set<string>()
  readonly #backups = new Map<SimNode, Map<string, Uint8Array>>()
  readonly #log: ((line: string) => void) | null

  constructor(scenario: Scenario, log: ((line: string) => void) | null = null) {
    this.#scenario = scenario
    this.#log = log
    this.#random = new Random(scenario.seed, 'world')
    this.network = new Network(this.agenda, this.#random)
    const ids = nodeIds(scenario.nodes, this.#random)
    const own = shardsOf('own', ids, scenario, 1)
    const copies = shardsOf('copies', ids, scenario, scenario.replicas)
    this.nodes = ids.map((id, i) => {
      const process = new SimProcess(this.agenda, this.#random)
      const datasets = [...catalogOf(id, 'copies', true, copies).datasets, ...catalogOf(id, 'own', false, own).datasets]
      const slots = i === scenario.slotless ? 0 : scenario.slots
      const given = { id, name: `n${i}`, catalog: { version: 1, datasets }, slots, process }
      return new SimNode(given, this.network, this.#random, this)
    })
    const everywhere = copies.map(({ path }) => ({ path, nodes: ids }))
    this.#copies = new Map(
      this.nodes.map((node) => {
        const more = catalogOf(node.id, 'copies', true, everywhere).datasets
        const rest = node.catalog.datasets.filter(({ name }) => name !== 'copies')
        return [node, { version: 2, datasets: [...more, ...rest] }]
      }),
    )
    this.checks.nodes = this.nodes
    for (const [i, node] of this.nodes.entries()) {
      const absent = scenario.faults.some((fault) => fault.kind === 'absent' && fault.node === i)
      if (!absent) this.agenda.after(this.#random.below(200), () => node.start())
    }
    for (const job of scenario.jobs) this.agenda.after(job.at, () => this.#submit(job, job.node))
    this.#awaiting = scenario.faults.filter((fault) => fault.after !== null)
    for (const fault of scenario.faults) if (fault.after === null) this.#plan(fault)
  }

  get now(): Millis {
    return this.agenda.now
  }

  /**
   * Goes on until the condition holds (looked at every 100 ms), for at most so long; returns whether it did. All that
   * waits for promises has its turn between two events. Ends at once on a violation.
   */
  async run(duration: Millis, until: () => boolean = () => false): Promise<boolean> {
    const end = this.now + duration
    let looked = this.now
    while (this.violation === null && this.agenda.next < end) {
      this.agenda.runNext()
      await settled()
      if (this.now - looked < 100) continue
      looked = this.now
      if (until()) return true
    }
    return this.violation === null && until()
  }

  // ---- what nodes tell

  stepped(node: SimNode): void {
    this.events++
    if (this.events > EVENTS_MAX * this.nodes.length * Math.max(5, this.nodes.length))
      this.violated(new Violation('busy', `${this.events} events, and no end: something is done again and again`))
    this.#guarded(() => this.checks.node(node))
    if (this.#atStage.size > 0)
      for (const fault of this.#atStage.reached((job) => node.state?.jobs.get(this.acknowledged.get(job) as JobId)))
        this.#plan(fault)
    for (const { node: at, job } of this.#atSeal) {
      const id = this.acknowledged.get(job) as JobId
      if (node.state?.jobs.get(id)?.ledger.outcome.kind !== 'sealed') continue
      this.#atSeal = this.#atSeal.filter((waiting) => waiting.job !== job)
      this.agenda.after(0, () => this.#cancel(this.nodes[at % this.nodes.length]!, id, false))
    }
  }

  begun(node: NodeId, spec: AttemptSpec): void {
    this.executions++
    this.#guarded(() =>
      this.checks.begun(
        this.nodes.find(({ id }) => id === node)!,
        spec,
      ),
    )
    this.#say(`${this.nodes.find(({ id }) => id === node)!.name} begins ${workName(spec)} of ${spec.job.slice(0, 8)}`)
  }

  reducing(node: NodeId, spec: AttemptSpec, work: ReduceWork): void {
    this.#guarded(() => this.checks.reducing(node, spec.job as JobId, work))
  }

  fatal(node: SimNode, error: unknown): void {
    this.violated(new Violation('fatal', `${node.name} ended: ${String(error)}`, error))
  }

  trace(node: SimNode, text: string): void {
    this.#say(`${node.name} ${text}`)
  }

  violated(violation: Violation): void {
    this.violation ??= violation
  }

  #guarded(check: () => void): void {
    try {
      check()
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      this.violated(error)
    }
  }

  #say(text: string): void {
    this.#log?.(`${String(Math.round(this.now)).padStart(7)} ${text}`)
  }

  // ---- jobs

  /** Asked again, at the next node, for as long as it is refused or the node dies over it. */
  #submit(job: SimJob, at: number): void {
    const node = this.nodes[at % this.nodes.length]!
    const again = (): void => {
      if (!this.acknowledged.has(job.name)) this.#submit(job, at + 1)
    }
    // A job of a version that nobody runs any more would wait for ever, and says so.
    if (node.engine === null || node.drained || node.runtime !== 'simulated-1') {
      this.agenda.after(500, again)
      return
    }
    const { life } = node.process
    let settledOne = false
    const retry = (error: Error): void => {
      if (settledOne) return
      settledOne = true
      this.#say(`${job.name} not submitted on ${node.name}: ${String(error)}`)
      if ((error as { code?: string }).code === 'INCOMPLETE') this.#refused.add(job.name)
      this.agenda.after(1_000, again)
    }
    node.submit(requestFor(job)).then(
      ({ id, knownHereOnly }) => {
        settledOne = true
        const following = this.#awaiting.filter((fault) => fault.after === job.name)
        this.#awaiting = this.#awaiting.filter((fault) => fault.after !== job.name)
        for (const fault of following) if (fault.stage === undefined) this.#plan(fault)
        this.#atStage.add(following.filter(({ stage }) => stage !== undefined))
        this.#say(
          `${job.name} is ${id.slice(0, 8)}, submitted on ${node.name}${knownHereOnly ? ', known here only' : ''}`,
        )
        this.#guarded(() => this.checks.acknowledged(this.nodes, id as JobId, knownHereOnly ? 1 : 2))
        if (knownHereOnly) this.agenda.after(1_000, again)
        else this.acknowledged.set(job.name, id as JobId)
      },
      (error: unknown) => retry(error as Error),
    )
    // A node that dies never answers.
    this.agenda.after(30_000, () => {
      if (!settledOne && node.process.life !== life) retry(new Error('it died'))
    })
  }

  // ---- faults

  /** Faults are under way or to come. */
  get isTroubled(): boolean {
    return this.#awaiting.length + this.#atStage.size > 0 || this.now < this.#troubleUntil
  }

  #plan(fault: Fault): void {
    this.#troubleUntil = Math.max(this.#troubleUntil, this.now + fault.at + fault.for)
    this.agenda.after(fault.at, () => {
      this.#say(`fault: ${describeFault(fault)}`)
      this.#begin(fault)
    })
  }

  #begin(fault: Fault): void {
    const over = (run: () => void): void => this.agenda.after(fault.for, run)
    switch (fault.kind) {
      case 'cut': {
        const { left, right, oneWay } = fault
        const pairs = left.flatMap((a) => right.map((b) => [this.#id(a), this.#id(b)] as const))
        for (const [a, b] of pairs) {
          this.network.cut(a, b)
          if (!oneWay) this.network.cut(b, a)
        }
        over(() => {
          for (const [a, b] of pairs) {
            this.network.heal(a, b)
            this.network.heal(b, a)
          }
        })
        return
      }
      case 'gossip':
      case 'streams':
      case 'delay':
        this.#weather(fault, over)
        return
      default:
        this.#befall(this.nodes[fault.node % this.nodes.length]!, fault, over)
    }
  }

  #weather(fault: Extract<Fault, { kind: 'gossip' | 'streams' | 'delay' }>, over: (run: () => void) => void): void {
    const { weather } = this.network
    if (fault.kind === 'delay') {
      weather.delay = [fault.low, fault.high]
      over(() => (weather.delay = [...CALM.delay]))
    } else if (fault.kind === 'gossip') {
      const { loss, duplicate, late } = fault
      Object.assign(weather, { loss, duplicate, late })
      over(() => Object.assign(weather, { loss: 0, duplicate: 0, late: 0 }))
    } else {
      const { short, reset, window } = fault
      Object.assign(weather, { short, reset, window })
      over(() => Object.assign(weather, { short: 0, reset: 0, window: CALM.window }))
    }
  }

  #befall(node: SimNode, fault: Extract<Fault, { readonly node: number }>, over: (run: () => void) => void): void {
    const { process, disk } = node
    switch (fault.kind) {
      case 'crash':
      case 'power':
        node.kill(fault.kind === 'power')
        break
      case 'wipe':
        node.kill(false)
        disk.files.clear()
        node.lossy = true
        break
      case 'rollback':
        // What was saved at first is what comes back; it is saved when the fault is planned for an earlier time, too.
        node.kill(false)
        disk.files = new Map(this.#backups.get(node))
        node.lossy = true
        break
      case 'upgrade':
        node.kill(false)
        node.runtime = 'simulated-2'
        if (fault.wire) node.wire = 2
        over(() => {
          node.kill(false)
          node.downgrade()
          node.start()
        })
        node.start()
        return
      case 'absent':
        break
      case 'gone':
        // Pinned before its other holders were known, a shard may be here alone: then the job waits, as it should.
        if (this.#copied.size === 0 && this.checks.jobs.some(({ record }) => isSoleHolder(record, node.id))) return
        node.kill(false)
        node.isGone = true
        this.gone = node
        return
      case 'copies':
        node.catalog = this.#copies.get(node)!
        this.#copied.add(node)
        return
      case 'cancel': {
        this.#cancel(node, this.acknowledged.get(fault.job) as JobId, fault.dies)
        return
      }
      case 'cancel-at-seal':
        this.#atSeal = [...this.#atSeal, fault]
        return
      case 'remove': {
        this.#remove(node, this.acknowledged.get(fault.job) as JobId, fault.dies)
        return
      }
      case 'drain':
        void node.drain()
        break
      case 'rot': {
        const pattern = { data: /\/(out|in)\//, ledger: /\.log$/, any: /^(jobs|members)\// }[fault.files]
        this.checks.rotten = true
        this.#say(`${node.name} rot in ${disk.rot(pattern) ?? 'nothing'}`)
        return
      }
      case 'pause':
        process.sleep()
        over(() => process.wake())
        return
      case 'full':
        disk.full = true
        over(() => (disk.full = false))
        return
      case 'slow':
        process.slowness = fault.times
        over(() => (process.slowness = 1))
        return
      case 'skew':
        process.rate = fault.rate
        return
      case 'jump':
        if (fault.wall) process.wallAhead += fault.by
        else process.ahead += Math.max(0, fault.by)
        return
      case 'deaf':
      case 'mute': {
        const { endpoint } = node
        if (endpoint === null) return
        const sense = fault.kind
        endpoint[sense] = true
        over(() => (endpoint[sense] = false))
        return
      }
      case 'stuck':
      case 'failing': {
        const { tasks } = node
        if (tasks === null) return
        if (fault.kind === 'failing') tasks.failing = fault.chance
        else tasks.stuck = true
        over(() => {
          tasks.stuck = false
          tasks.failing = 0
        })
        return
      }
    }
    over(() => node.start())
  }

  #cancel(node: SimNode, id: JobId, dies: boolean): void {
    const job = node.state?.jobs.get(id)
    if (job === undefined) return
    const { round } = job.ledger
    cancelJob(node.engine!.context, job).then(
      () => {
        // One that was over already has not been cancelled.
        if (job.ledger.outcome.kind !== 'cancelled') return
        this.checks.decided(node, job.record, { round, kind: 'cancelled' })
        if (dies) this.#dieNow(node)
      },
      (error: unknown) => this.#say(`${node.name}: ${String(error)}`),
    )
  }

  /** As a person does it: cancelled first, where it is open. */
  #remove(node: SimNode, id: JobId, dies: boolean): void {
    const job = node.state?.jobs.get(id)
    if (job === undefined) return
    const { context } = node.engine!
    const { round } = job.ledger
    this.checks.removing(job.record)
    cancelJob(context, job)
      .then(() => removeJob(context, job))
      .then(
        () => {
          this.#say(`${node.name} has removed ${id.slice(0, 8)}`)
          this.#guarded(() => this.checks.forgotten(node, job.record, round))
          if (dies) this.#dieNow(node)
        },
        (error: unknown) => this.#say(`${node.name}: ${String(error)}`),
      )
  }

  #dieNow(node: SimNode): void {
    this.#say(`${node.name} has said yes, and is killed`)
    node.kill(false)
    this.agenda.after(1_500, () => node.start())
  }

  /** What a later `rollback` brings back. */
  backUp(): void {
    for (const node of this.nodes) this.#backups.set(node, new Map(node.disk.files))
  }

  /** All faults are over: everything is up, whole machines, a calm network. */
  heal(): void {
    this.#say('healed')
    this.#awaiting = []
    this.#atStage.clear()
    Object.assign(this.network.weather, { ...CALM, delay: [...CALM.delay] })
    this.network.healAll()
    for (const node of this.staying) {
      const { process, disk, endpoint, tasks } = node
      process.wake()
      process.slowness = 1
      disk.full = false
      if (endpoint !== null) Object.assign(endpoint, { deaf: false, mute: false })
      if (tasks !== null) Object.assign(tasks, { stuck: false, failing: 0 })
      if (node.runtime !== 'simulated-1') node.kill(false)
      node.downgrade()
      node.start()
    }
  }

  /** Jobs that are to end: not those that one node alone knew, whose disk was lost, or that want what is gone. */
  get promised(): Checks['jobs'] {
    const acknowledged = new Set(this.acknowledged.values())
    return this.checks.jobs.filter(
      ({ record }) =>
        !this.checks.isRemoved(record.id) &&
        !(this.gone !== null && this.#copied.size === 0 && isSoleHolder(record, this.gone.id)) &&
        (acknowledged.has(record.id) || this.staying.some((node) => node.state?.jobs.has(record.id) === true)),
    )
  }

  /** Every job that can be submitted has been: what the machine that is gone had, its people must say. */
  get isSubmitted(): boolean {
    const isOver = ({ name }: SimJob): boolean =>
      this.acknowledged.has(name) || (this.gone !== null && this.#refused.has(name))
    return this.scenario.jobs.every(isOver) || this.nodes.length === 1
  }

  /** The nodes that are there in the end. */
  get staying(): readonly SimNode[] {
    return this.nodes.filter((node) => node !== this.gone)
  }

  #id(index: number): NodeId {
    return this.nodes[index % this.nodes.length]!.id
  }

  get scenario(): Scenario {
    return this.#scenario
  }
}

/** All promises that can be settled now have been, and what waited for them has run. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
