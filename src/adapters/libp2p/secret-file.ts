import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { SecretStore } from './identity.ts'

/** A secret in a file of mode 0600, in a folder that the caller has made 0700. Written whole, fsynced, renamed. */
export function secretFile(path: string): SecretStore {
  return {
    load: async () => {
      try {
        return new Uint8Array(await readFile(path))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw error
      }
    },
    save: async (bytes) => {
      const temporary = `${path}.new`
      const file = await open(temporary, 'w', 0o600)
      try {
        await file.chmod(0o600)
        await file.writeFile(bytes)
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
