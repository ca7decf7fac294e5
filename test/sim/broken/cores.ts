/**
 * Deliberately broken cores: each is how a plausible design goes wrong, as a patch on the product's own source. The
 * simulator must find every one of them, or it proves nothing.
 */
import type { Variant } from '../variant.ts'
import type { Patch } from './patch.ts'

export interface BrokenCore {
  readonly name: string
  /** What a developer might have thought. */
  readonly about: string
  readonly patches: readonly Patch[]
  /** It shows only where the code of a job is no function: then its first job is such a one with every seed. */
  readonly unsteady?: boolean
}

const one = (name: string, about: string, file: string, find: string, put: string): BrokenCore => ({
  name,
  about,
  patches: [{ file, find, put }],
})

export const BROKEN: readonly BrokenCore[] = [
  one(
    'ledger-by-attempt',
    'an output is named by the attempt that gave it, so that two attempts of one task are two outputs',
    'runtime/attempts.ts',
    'const manifest: TaskManifest = { consumed: consumedRoot(job.plan, task, consumes), manifest: end.manifest }',
    'const attempt = String(this.#context.state.attempts)\n    const manifest: TaskManifest = { consumed: consumedRoot(job.plan, task, consumes), manifest: "counters" in end.manifest ? { ...end.manifest, counters: { [attempt]: 1 } } : end.manifest }',
  ),
  {
    name: 'clean-end-is-complete',
    about: 'a stream that ended cleanly has brought everything',
    patches: [
      {
        file: 'runtime/peers/batch.ts',
        find: "if (bytes === null || bytes.length > left) throw new WireError('a file of a batch is not as long as was said')",
        put: 'if (bytes === null) return',
      },
      {
        file: 'runtime/peers/batch.ts',
        find: 'const end = await stream.receiveValue(batchEnd)',
        put: 'const end = await stream.receiveValue(batchEnd).catch(() => null)',
      },
      {
        file: 'runtime/peers/batch.ts',
        find: 'if (!files.matches(end)) {',
        put: 'if (end !== null && !files.matches(end)) {',
      },
      {
        file: 'runtime/peers/framed.ts',
        find: "if (this.#decoder.pending > 0) throw new WireError('the stream ended inside a frame')",
        put: '',
      },
    ],
  },
  one(
    'ack-before-fsync',
    "the sender need not wait for the receiver's disk",
    'runtime/peers/batch.ts',
    'await Promise.all([files.commit(), keepListing(disk, outputs, header, listing, reception)])',
    'void Promise.all([files.commit(), keepListing(disk, outputs, header, listing, reception)]).catch(() => {})',
  ),
  one(
    'rows-later',
    'that a batch brought nothing for a task need not be on disk before it counts',
    'runtime/peers/batch.ts',
    'rootIn(manifest) === null ? null : keepRows(),',
    'rootIn(manifest) === null ? null : void keepRows().catch(() => {}),',
  ),
  one(
    'last-writer-wins-claims',
    'the claim that came last is the newest',
    'core/ledger/ledger.ts',
    'return beats(b, a) ? b : a\n',
    'return b\n',
  ),
  one(
    'stale-incarnation-accepted',
    'the report with the higher number is the newer one, whichever life of its node it is of',
    'core/ledger/ledger.ts',
    'return a.incarnation !== b.incarnation ? a.incarnation > b.incarnation : a.seq > b.seq\n',
    'return a.seq > b.seq\n',
  ),
  one(
    'no-takeover',
    'a task belongs to its first owner for ever',
    'core/schedule/schedule.ts',
    "if (held) return state.now >= takeoverAt(state, claim.owner, rank) ? 'mine' : 'no'",
    "if (held) return 'no'",
  ),
  {
    name: 'empty-partition-is-silent',
    about: 'a map that has nothing for a partition need not say so',
    patches: [
      {
        file: 'runtime/peers/receiver.ts',
        find: "if (batch.accepted) dispatch({ type: 'arrived', job, task, digest, consumers })",
        put: "if (batch.accepted) dispatch({ type: 'arrived', job, task, digest, consumers: consumers.filter((c) => this.#context.state.jobs.get(job)?.plan.tasks[task]?.step.gives !== 'runs' || batch.header.files.some((f) => f.name === `run-${this.#context.state.jobs.get(job)?.plan.tasks[c]?.at}`)) })",
      },
      {
        file: 'runtime/peers/receiver.ts',
        find: "dispatch(copy ? { type: 'copied', job, task, digest } : { type: 'arrived', job, task, digest, consumers })",
        put: "dispatch(copy ? { type: 'copied', job, task, digest } : { type: 'arrived', job, task, digest, consumers: consumers.filter((c) => state.jobs.get(job)?.plan.tasks[task]?.step.gives !== 'runs' || batch.header.files.some((f) => f.name === `run-${state.jobs.get(job)?.plan.tasks[c]?.at}`)) })",
      },
    ],
  },
  {
    name: 'seal-on-a-local-view',
    about: 'what this node has heard of is all that there is',
    patches: [
      {
        file: 'core/outcome/seal.ts',
        find: '  if (!isComplete(ledger)) return null\n',
        put: '  const known = ledger.tasks.flatMap((task) => agreed(task)?.part || [])\n  if (known.length > 0) return { result: resultDigest(known) }\n  if (!isComplete(ledger)) return null\n',
      },
      {
        file: 'core/outcome/verdict.ts',
        find: 'if (ledger.conflicts === 0 && hasBlanks(ledger)) return fatalOf(job, failures)',
        put: '',
      },
    ],
  },
  one(
    'replica-counted-twice',
    'each copy of a shard is a shard',
    'core/plan/pack.ts',
    '        group.push({ split: { input: i, shard: s, ...cut }, order: shard.path, holders })',
    '        for (const holder of holders)\n          group.push({ split: { input: i, shard: s, ...cut }, order: shard.path, holders: [holder] })',
  ),
  {
    name: 'seal-ignores-consumed',
    about:
      'of two outputs of one task the lesser digest is taken, everywhere alike, and a job is done when each task has one',
    unsteady: true,
    patches: [
      {
        file: 'core/outcome/seal.ts',
        find: 'return expected !== null && agreed(ledger.tasks[task.index])?.consumed === expected',
        put: 'return expected !== null',
      },
      { file: 'core/ledger/ledger.ts', find: 'return { conflict: [first!, second!] }', put: 'return first!' },
    ],
  },
  one(
    'conflict-takes-the-first',
    'of two outputs of one task either will do',
    'core/ledger/ledger.ts',
    'if (distinct.size === 1) return first!',
    'if (distinct.size >= 1) return a',
  ),
  one(
    'holder-never-lost',
    'a file that was written stays',
    'core/job-events.ts',
    "if (event.what === 'arrived') strike(job, event.task)\n      else if (job.has.delete(event.task)) job.reportDirty = true",
    '',
  ),
  one(
    'old-files-trusted',
    'what an earlier life left on disk is whole',
    'runtime/home/outputs.ts',
    'if (listing !== null && filesOf(listing).every((file) => here.has(file)))',
    'if (listing !== null && here.size > 0)',
  ),
  one(
    'output-told-before-disk',
    'the ledger may know of an output while it is being written',
    'runtime/attempts.ts',
    '    await Promise.all([\n      store.outputs.putManifest',
    '    void Promise.all([\n      store.outputs.putManifest',
  ),
  one(
    'gossip-is-enough',
    'everybody hears everything in the end',
    'core/gossip/anti-entropy.ts',
    'if (mine.jobs === message.jobs && mine.nodes === message.nodes) return []',
    'if (mine.nodes === message.nodes) return []\n  mine.jobs = message.jobs',
  ),
  one(
    'push-is-enough',
    'what was pushed has arrived',
    'core/exchange/exchange.ts',
    'wanted.push({ task, consumers, copy: false })',
    'continue',
  ),
  one(
    'cancel-beats-the-seal',
    'what a person wants comes before what the facts prove',
    'core/ledger/outcome.ts',
    'if (HEIGHT[a.kind] !== HEIGHT[b.kind]) return',
    'if (a.kind === "cancelled" || b.kind === "cancelled") return a.kind === "cancelled" ? a : b\n  if (HEIGHT[a.kind] !== HEIGHT[b.kind]) return',
  ),
  one(
    'yes-before-disk',
    'a job that was submitted will be on disk in a moment',
    'runtime/api/submit.ts',
    'const { isNew } = await store.records.put(record, body)\n',
    'const isNew = true\n      store.records.put(record, body).catch(() => {})\n',
  ),
  one(
    'release-at-the-seal',
    'once a result is sealed, nobody needs what it was made of',
    'core/exchange/release.ts',
    'if (stayingHolders(state, job, i).length < wanted) return false',
    'if (stayingHolders(state, job, i).length < 1) return false',
  ),
  one(
    'forgotten-in-memory',
    'what was removed is gone: what is there to write',
    'runtime/home/removal.ts',
    'return this.#log.put({ job, round, expired })',
    'return Promise.resolve()',
  ),
  one(
    'journal-later',
    'that an attempt begins is written while it begins',
    'runtime/attempts.ts',
    'effect.consumes, spooling),\n      journalled,\n',
    'effect.consumes, spooling),\n      journalled.catch(() => {}) && null,\n',
  ),
  one(
    'decided-before-disk',
    'that a job is cancelled will be on disk in a moment',
    'runtime/api/decisions.ts',
    'durable(record.id), () => undefined',
    'Promise.resolve(void durable), () => undefined',
  ),
  one(
    'keys-stay-where-they-are',
    'a reduce leaves its keys where they came from, whatever it gives',
    'core/plan/plan.ts',
    'const isKeyed = !stage.sort && (!stage.reduce || stage.keepsKey)',
    'const isKeyed = !stage.sort',
  ),
  one(
    'release-when-held-once',
    'what a part was made of can go as soon as somebody has the part',
    'core/exchange/release.ts',
    'const wanted = copiesWanted(state, job, plan.steps[index]!)',
    'const wanted = plan.steps[index]!.isOutput ? copiesWanted(state, job, plan.steps[index]!) : 1',
  ),
  one(
    'release-before-proof',
    'a step whose tasks all have an output is done for good',
    'core/exchange/release.ts',
    'if (ledger.blank[index]!.size > 0 || !isProved(plan, ledger, index)) return false',
    'if (ledger.blank[index]!.size > 0) return false',
  ),
  one(
    'released-is-lost',
    'an output that nobody has is lost, and made again',
    'core/outcome/open-tasks.ts',
    '!isConflict(output) && isNeeded(at) && isOrphaned(state, job, index)',
    '!isConflict(output) && isOrphaned(state, job, index)',
  ),
  one(
    'balance-over-all-edges',
    'what a step took in all is what was given to it in all',
    'core/outcome/seal.ts',
    'step.inputs.every((_, edge) => isBalanced(plan, ledger, edge, step))',
    `step.inputs.reduce((sum, { from }) => (['runs', 'part'].includes(plan.steps[from]!.gives) ? sum + sumOver(ledger, plan.steps[from]!, (o) => o.gave) : sum), 0) === sumOver(ledger, step, (o) => o.took.reduce((a, b) => a + b, 0))`,
  ),
  one(
    'root-of-the-first-edge',
    'what came over the first edge tells enough of what a task consumed',
    'core/plan/graph.ts',
    "return roots.length > 1 ? rootOf(roots) : (roots[0] ?? '')",
    "return roots[0] ?? ''",
  ),
  one(
    'placement-by-size',
    'large outputs tell where their consumers had best lie',
    'core/members/candidates.ts',
    'if (isPlaced) order = placementOf(job, task.step.count)[task.at]!',
    "if (isPlaced) order = placementOf(job, task.step.count)[(task.at + (job as JobState).ledger.tasks.reduce((sum, { output }) => sum + (output !== null && 'bytes' in output ? output.bytes : 0), 0)) % task.step.count]!",
  ),
]

/** Every node takes itself for the first candidate of everything, and no claim stands: the theorem of the design. */
const GREEDY: readonly Patch[] = [
  {
    file: 'core/members/candidates.ts',
    find: 'export function candidates(state: State, job: Ranked, task: PlannedTask, failures: FailureIndex): NodeId[] {\n',
    put: 'export function candidates(state: State, job: Ranked, task: PlannedTask, failures: FailureIndex): NodeId[] {\n  if (isEligible(state, job, state.self.node)) return [state.self.node]\n',
  },
  {
    file: 'core/members/candidates.ts',
    find: 'export function expectedOwner(state: State, job: JobState, task: PlannedTask, failures: FailureIndex): NodeId | null {\n',
    put: 'export function expectedOwner(state: State, job: JobState, task: PlannedTask, failures: FailureIndex): NodeId | null {\n  if (isEligible(state, job, state.self.node)) return state.self.node\n',
  },
  {
    file: 'core/members/candidates.ts',
    find: 'export function isOwnFree(state: State, job: JobState, task: PlannedTask): boolean {\n',
    put: 'export function isOwnFree(state: State, job: JobState, task: PlannedTask): boolean {\n  if (isEligible(state, job, state.self.node)) return false\n',
  },
  {
    file: 'core/members/candidates.ts',
    find: '  const count =\n    claim.owner === state.self.node',
    put: '  if (failures === undefined || failures !== undefined) return false\n  const count =\n    claim.owner === state.self.node',
  },
]

export function brokenCore(name: string | null): BrokenCore | undefined {
  return BROKEN.find((core) => core.name === name)
}

export function patchesOf({ greedy, broken }: Variant): readonly Patch[] {
  const core = brokenCore(broken)
  return [...(greedy ? GREEDY : []), ...(core?.patches ?? [])]
}

/** All of them, for the check that each still applies. */
export const ALL_PATCHES: ReadonlyMap<string, readonly Patch[]> = new Map([
  ['greedy', GREEDY],
  ...BROKEN.map(({ name, patches }) => [name, patches] as const),
])
