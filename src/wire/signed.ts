import type { SignedReport, Report } from '../core/ledger/ledger.ts'
import type { NodeRecord, SignedNodeRecord } from '../core/members/membership.ts'
import type { JobId, NodeId } from '../core/types.ts'
import { fromBytes, toBytes, WireError } from './codec.ts'
import { nodeRecord, reportBody, type ReportBody, type Signed } from './shapes.ts'

/** Who signs and who checks; the mesh adapter is one. */
export interface Signer {
  sign(bytes: Uint8Array): Promise<Uint8Array>
  verify(signer: NodeId, bytes: Uint8Array, signature: Uint8Array): Promise<boolean>
}

const RECORD = 'shoal/1/node'
const REPORT = 'shoal/1/report'

/** What is signed: the domain, so that no signature serves for another thing, and the body. */
function domain(kind: string, body: Uint8Array): Uint8Array {
  return toBytes([kind, body])
}

async function check(signer: Signer, kind: string, by: NodeId, { bytes, signature }: Signed): Promise<void> {
  if (!(await signer.verify(by, domain(kind, bytes), signature))) throw new WireError(`bad signature of ${by}`)
}

export async function signRecord(signer: Signer, record: NodeRecord): Promise<SignedNodeRecord> {
  const bytes = toBytes(record)
  return { ...record, bytes, signature: await signer.sign(domain(RECORD, bytes)) }
}

/** A record whose signature nobody has checked: from this node's own disk alone. Throws WireError when it is malformed. */
export function decodeNodeRecord({ bytes }: Signed): NodeRecord {
  return fromBytes(nodeRecord, bytes)
}

/** Throws WireError when it is malformed or not signed by the node that it is about. */
export async function openRecord(signer: Signer, sealed: Signed): Promise<SignedNodeRecord> {
  const record = fromBytes(nodeRecord, sealed.bytes)
  await check(signer, RECORD, record.node, sealed)
  return { ...record, ...sealed }
}

export async function signReport(signer: Signer, job: JobId, round: number, report: Report): Promise<SignedReport> {
  const body: ReportBody = { ...report, job, round, has: toRanges(report.has) }
  const bytes = toBytes(body)
  return { ...report, bytes, signature: await signer.sign(domain(REPORT, bytes)) }
}

/** Throws WireError when it is malformed, of another job or round, or not signed by its writer. */
export async function openReport(signer: Signer, job: JobId, round: number, sealed: Signed): Promise<SignedReport> {
  const { job: ofJob, round: ofRound, has, ...rest } = fromBytes(reportBody, sealed.bytes)
  if (ofJob !== job || ofRound !== round) throw new WireError('a report of another job or round')
  await check(signer, REPORT, rest.node, sealed)
  return { ...rest, has: fromRanges(has), ...sealed }
}

function toRanges(sorted: readonly number[]): [number, number][] {
  const ranges: [number, number][] = []
  for (const n of sorted) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === n - 1) last[1] = n
    else ranges.push([n, n])
  }
  return ranges
}

function fromRanges(ranges: readonly (readonly [number, number])[]): number[] {
  const out: number[] = []
  let past = -1
  for (const [from, to] of ranges) {
    if (from <= past || to < from) throw new WireError('ranges out of order')
    for (let n = from; n <= to; n++) out.push(n)
    past = to
  }
  return out
}
