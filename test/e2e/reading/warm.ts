/** Suites that break no node share a mesh that is warm: two nodes with all their data, and one without any that submits. */
import { Mesh, type Files, type MeshNode } from '../mesh.ts'

/** What one of the holders offers for a suite: files by dataset, or folders by `--data` flags. */
export interface Hand {
  readonly data?: Readonly<Record<string, Files>>
  readonly args?: readonly string[]
}

export interface Suite {
  readonly name: string
  /** What the two holders offer; what it needs beside that it writes below `mesh.root`. No two suites have a dataset of one name. */
  hands(mesh: Mesh): readonly [Hand, Hand]
  /** Declares its tests. The mesh stands when the first of them runs. */
  tests(warm: Warm): void
}

export const HOLDERS = ['holder-0', 'holder-1'] as const

export class Warm {
  #mesh: Mesh | null = null
  #submitter: MeshNode | null = null

  get mesh(): Mesh {
    if (this.#mesh === null) throw new Error('the mesh is started before the first test')
    return this.#mesh
  }

  get submitter(): MeshNode {
    if (this.#submitter === null) throw new Error('the mesh is started before the first test')
    return this.#submitter
  }

  async start(suites: readonly Suite[]): Promise<void> {
    const mesh = new Mesh()
    this.#mesh = mesh
    const hands = suites.map((suite) => suite.hands(mesh))
    const holders = HOLDERS.map((name, i) => ({
      name,
      data: Object.assign({}, ...hands.map((both) => both[i]?.data ?? {})) as Record<string, Files>,
      args: hands.flatMap((both) => both[i]?.args ?? []),
    }))
    const [submitter] = await mesh.start({ name: 'submitter' }, ...holders)
    this.#submitter = submitter ?? null
  }

  async end(): Promise<void> {
    await this.#mesh?.end()
  }
}
