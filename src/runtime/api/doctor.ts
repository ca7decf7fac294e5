import { statfs } from 'node:fs/promises'
import type { DoctorAnswer } from '../../control/api.ts'
import { isLive, livenessOf } from '../../core/members/liveness.ts'
import { runtimesText } from '../../words/runtimes.ts'
import { nameOf, type Context } from '../context.ts'

const LOW_DISK = 1_000_000_000

type Check = DoctorAnswer['checks'][number]

/** Looks at what most often is wrong; every check says what it saw. */
export async function doctor(context: Context, lagMs: number): Promise<DoctorAnswer> {
  return { schema: 'shoal.doctor/1', checks: [...meshChecks(context), ...(await nodeChecks(context, lagMs))] }
}

function check(name: string, ok: boolean, detail: string, remedy: string): Check {
  return ok ? { name, ok, detail } : { name, ok, detail, try: remedy }
}

function meshChecks(context: Context): Check[] {
  const { state, mesh } = context
  const members = [...state.members.values()]
  const away = members.filter((m) => livenessOf(state, m.node) === 'away').map((m) => nameOf(context, m.node))
  const own = runtimesText(state.self.runtimes)
  const odd = members
    .map((m) => [nameOf(context, m.node), runtimesText(m.record.runtimes)] as const)
    .filter(([, text]) => text !== own)
    .map((words) => words.join(' '))
  const far = members
    .filter((m) => m.node !== state.self.node && !m.connected && livenessOf(state, m.node) !== 'away')
    .map((m) => nameOf(context, m.node))
  const dialable = mesh.addresses().filter((a) => !a.includes('/127.0.0.1/') && !a.includes('/p2p-circuit'))
  return [
    check(
      'listen',
      mesh.addresses().length > 0 || context.local,
      mesh.addresses().join(' ') || 'no address',
      '--listen /ip4/0.0.0.0/tcp/0',
    ),
    check(
      'dialable',
      dialable.length > 0 || context.local,
      dialable.length > 0 ? `${dialable.length} addresses besides loopback` : 'loopback only',
      '--listen an address that other machines reach',
    ),
    check(
      'members',
      away.length === 0,
      away.length === 0 ? `${members.length} known, none away` : `away: ${away.join(', ')}`,
      'start them, or shoal members forget NODE',
    ),
    check(
      'connections',
      far.length === 0,
      far.length === 0 ? 'a direct or relayed connection to every live member' : `none to ${far.join(', ')}`,
      'check firewalls between the two',
    ),
    check(
      'runtime',
      odd.length === 0,
      odd.length === 0 ? own : `others run ${odd.join('; ')}`,
      'install one version everywhere: only equal runtimes share tasks',
    ),
  ]
}

async function nodeChecks(context: Context, lagMs: number): Promise<Check[]> {
  const { state, disk } = context
  const members = [...state.members.values()]
  const self = state.members.get(state.self.node)?.record
  const space = await statfs(disk.path('jobs').replace(/\/jobs$/, ''))
  const free = space.bavail * space.bsize
  const damaged = context.damage.list()
  return [
    check('disk', free > LOW_DISK, `${Math.floor(free / 1e6)} MB free under home`, 'make room, or use another --home'),
    check(
      'files',
      damaged.length === 0,
      damaged.length === 0
        ? 'none known to be damaged'
        : damaged.map(({ file, what }) => `${disk.path(file)}: ${what}`).join('; '),
      'another disk for --home, if this goes on',
    ),
    check(
      'event loop',
      lagMs < 500,
      `longest recent stall ${Math.round(lagMs)} ms`,
      'the machine is overloaded: fewer --slots',
    ),
    check(
      'slots',
      members.some(({ node, record }) => record.slots > 0 && isLive(state, node)),
      self?.slots === 0
        ? 'none here: others run the tasks of its shards, over streams'
        : `${self?.slots ?? 0} slots, ${Math.floor(context.memory / 1e6)} MB`,
      'a node with slots: no member that lives has any',
    ),
  ]
}
