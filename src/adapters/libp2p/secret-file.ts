import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ShoalError } from '../../core/errors.ts'
import { fromKept, toKept } from '../../kept/form.ts'
import type { SecretStore } from './identity.ts'

/**
 * A secret in a file of mode 0600, in a folder that the caller has made 0700. Written whole, fsynced, renamed; `load`
 * rejects with DAMAGED, naming the file, where it is not what was saved.
 */
export function secretFile(path: string): SecretStore {
  return {
    load: async () => {
      try {
        const content = fromKept(new Uint8Array(await readFile(path)))
        if (content !== null) return content
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw error
      }
      throw new ShoalError('DAMAGED', `${path} is damaged`, { why: 'its checksum does not fit its content' })
    },
    save: async (bytes) => {
      const temporary = `${path}.new`
      const file = await open(temporary, 'w', 0o600)
      try {
        await file.chmod(0o600)
        await file.writeFile(toKept(bytes))
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, path)
      const folder = await open(dirname(path), 'r')
      try {
        await folder.sync()
      } finally {
        await folder.close()
      }
    },
  }
}
