import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs'
import { mkdir, rm, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assert } from '../../core/errors.ts'
import type { AttemptSpec, OutputFile, TaskFile } from '../../ports.ts'
import { BUNDLE_FILE, DECODER_FILE, PACK_FILE, type PackedFile, SOURCE_MAP_FILE } from '../../task/protocol.ts'
import { packFiles, smallOnes } from './pack.ts'

/** Only names that Shoal makes become names of links. */
const LINK_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

/** The one folder that a task process can read and write: its program, links to what it reads, what it leaves. */
export class SlotFolder {
  readonly path: string
  readonly runner: string

  /** Synchronous: the folder is there before the process starts, whose grants are fixed then. */
  constructor(path: string, runner: string) {
    this.path = path
    this.runner = join(path, 'runner.cjs')
    mkdirSync(join(path, 'in'), { recursive: true, mode: 0o700 })
    mkdirSync(join(path, 'out'), { mode: 0o700 })
    copyFileSync(runner, this.runner)
    symlinkSync(fileURLToPath(import.meta.resolve('parquet-wasm/esm/parquet_wasm_bg.wasm')), join(path, DECODER_FILE))
  }

  async linkJob(spec: AttemptSpec): Promise<void> {
    await symlink(spec.bundle, join(this.path, BUNDLE_FILE))
    if (spec.sourceMap !== null) await symlink(spec.sourceMap, join(this.path, SOURCE_MAP_FILE))
  }

  /** Links to what an attempt reads, or copies of it in one file: these are told. */
  async linkInput(attempt: string, files: readonly TaskFile[]): Promise<readonly PackedFile[]> {
    assert(LINK_NAME.test(attempt), 'an attempt is named by Shoal')
    assert(
      files.every(({ name }) => LINK_NAME.test(name) && name !== PACK_FILE),
      'links are named by Shoal',
    )
    const folder = join(this.path, 'in', attempt)
    await mkdir(folder)
    const small = smallOnes(files)
    const packed = small.length === 0 ? [] : await packFiles(small, join(folder, PACK_FILE))
    const there = new Set(packed.map(({ name }) => name))
    for (const { name, path } of files) if (!there.has(name)) await symlink(path, join(folder, name))
    return packed
  }

  /** The files of these names that an attempt has left. */
  output(attempt: string, names: readonly string[]): Promise<OutputFile[]> {
    return Promise.all(
      names.map(async (name) => {
        const path = join(this.path, 'out', attempt, name)
        return { name, path, size: (await stat(path)).size }
      }),
    )
  }

  async clear(attempt: string): Promise<void> {
    await rm(join(this.path, 'in', attempt), { recursive: true, force: true })
    await rm(join(this.path, 'out', attempt), { recursive: true, force: true })
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true, maxRetries: 3 })
  }
}
