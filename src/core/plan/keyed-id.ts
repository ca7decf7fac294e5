/**
 * What a job with a key is, whatever version of Shoal says it: the key would else give a second result after an upgrade.
 *
 * Form 1, frozen (`test/core/keyed-id.test.ts`): the key, the hash of the sources, what is read and how, and what else a
 * person said. Not in it: the bundle, which is as the bundler of that version makes it; the runtime; whatever follows
 * from the sources and these. A field that a later version adds is in it only where it says something else than its
 * default, so that a job that does not know it stays the same job.
 */
import { canonicalJson, contentId } from '../hash.ts'
import type { Field } from '../spec/fields.ts'
import { SPEC_SETTINGS } from '../spec/settings.ts'
import type { Digest, JobId, JobSpec } from '../types.ts'

/** The settings that form 1 knows, with what is left out of it. */
const FIRST: Readonly<Record<string, unknown>> = { params: {}, sort: false, partitions: null, onBadRecord: 'fail' }
/** What the sources say. */
const FOLLOWS: ReadonlySet<string> = new Set(['combine', 'reduce', 'aggregate', 'n', 'by', 'sortValues'])

const LATER: Readonly<Record<string, unknown>> = Object.fromEntries(
  Object.entries(SPEC_SETTINGS as Readonly<Record<string, Field>>)
    .filter(([name, { inId }]) => inId !== false && !FOLLOWS.has(name) && !(name in FIRST))
    .map(([name, field]) => [name, field.default]),
)

/** All that a job with a key is beside its sources. */
function said(spec: JobSpec): Readonly<Record<string, unknown>> {
  const settings = Object.entries({ ...FIRST, ...LATER })
    .map(([name, normal]) => ({ name, normal, value: spec[name as keyof JobSpec] }))
    .filter(({ value, normal }) => value !== undefined && canonicalJson(value) !== canonicalJson(normal))
    .map(({ name, value }) => [name, value])
  return { inputs: spec.inputs, ...Object.fromEntries(settings) }
}

/** Equal for two jobs under one key that differ in their code at most. */
export function meaningOf(spec: JobSpec): Digest {
  return contentId('job-meaning/1', said(spec))
}

export function keyedJobId(spec: JobSpec, key: string, source: Digest): JobId {
  return contentId('job-key/1', { key, source, ...said(spec) })
}
