import type { NodeApi } from '../control/api.ts'
import type * as Shoal from '../index.ts'

/** What the command line takes from the public API beside the control socket. */
export type Engine = Pick<
  typeof Shoal,
  'startNode' | 'startLocalNode' | 'startSimulatedNode' | 'prepareJob' | 'createRenderer' | 'decodeRecords'
>

/** What reaches outside this process; tests give their own. */
export interface Outside {
  connect(home: string): NodeApi
  /** Loaded at first use only: importing it takes longer than most commands run. */
  engine(): Promise<Engine>
}
