/** Headers of batches, from what lies on this node's disk. */
import { LIMITS } from '../../core/limits.ts'
import { manifestText, outputOf, type TaskListing } from '../../core/ledger/manifest.ts'
import { cutFor, filesOf, partitionsFor } from '../../core/plan/files.ts'
import { rootIn, RowTree } from '../../core/plan/rows.ts'
import type { Plan } from '../../core/plan/steps.ts'
import type { Digest, Partition } from '../../core/types.ts'
import { hashText } from '../../data/hash-text.ts'
import type { Disk } from '../../ports.ts'
import type { BatchFile, BatchHeader } from '../../wire/batch.ts'
import { packProof, packRows } from '../../wire/rows.ts'
import { outputFile } from '../home/folder.ts'
import type { Outputs } from '../home/outputs.ts'

/** What is asked for: without consumers a copy, the whole output. */
export type Asked = Pick<BatchHeader, 'job' | 'task' | 'digest' | 'consumers'>

/** At the largest job a tree takes a MiB. */
const TREES_KEPT = LIMITS.pushesMax + LIMITS.pullsMax

export class Headers {
  readonly #disk: Disk
  readonly #outputs: Outputs
  /** By root, of outputs that are being given: what a task gave goes to one peer after the other. */
  readonly #trees = new Map<Digest, RowTree>()

  constructor(disk: Disk, outputs: Outputs) {
    this.#disk = disk
    this.#outputs = outputs
  }

  /** null when the output is not here, or not whole. */
  async headerOf({ job, task, digest, consumers }: Asked, plan: Plan): Promise<BatchHeader | null> {
    const producer = plan.tasks[task]
    const all = await this.#outputs.listing(job, task)
    if (producer === undefined || all === null || outputOf(all).digest !== digest) return null
    const partitions = partitionsFor(plan, producer, consumers.length === 0 ? null : consumers)
    const listing = cutFor(all, partitions)
    const proof = this.#proof(all, partitions)
    if (listing === null || proof === null) return null
    const files: BatchFile[] = []
    for (const name of filesOf(listing)) {
      const size = await this.#disk.size(outputFile(job, task, name))
      if (size === null) return null
      files.push({ name, size })
    }
    const packed = { rows: packRows(listing.rows), proof: packProof(proof) }
    return { job, task, digest, consumers, manifest: manifestText(all), ...packed, files }
  }

  /** null where the rows here are not those of the manifest. */
  #proof({ manifest, rows }: TaskListing, partitions: readonly Partition[]): Digest[] | null {
    const root = rootIn(manifest)?.root
    if (root === undefined) return []
    const tree = this.#trees.get(root) ?? new RowTree(rows, hashText)
    if (tree.root !== root) return null
    this.#trees.delete(root)
    this.#trees.set(root, tree)
    if (this.#trees.size > TREES_KEPT) this.#trees.delete(this.#trees.keys().next().value!)
    return tree.proof(partitions)
  }
}
