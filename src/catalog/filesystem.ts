/** Which file systems can be seen by several machines at once, and which machine this is. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { hostname } from 'node:os'

/** Magic numbers of Linux (statfs(2), linux/magic.h) of file systems whose files lie on other machines, or may. */
const NETWORK: ReadonlySet<number> = new Set([
  0x6969, // NFS
  0x517b, // SMB
  0xff534d42, // CIFS
  0xfe534d42, // SMB 2
  0x65735546, // FUSE: sshfs, s3fs, GlusterFS, …
  0x00c36400, // Ceph
  0x0bd00bd0, // Lustre
  0x01021997, // 9p
  0x47504653, // GPFS
  0x19830326, // BeeGFS
  0x01161970, // GFS2
  0x7461636f, // OCFS2
  0x5346414f, // AFS
  0x6b414653, // kAFS
  0x73757245, // Coda
  0xaad7aaea, // PanFS
  0x20030528, // OrangeFS
])

/** Whether the file system of this path is one of those. What cannot be asked is taken for local. */
export async function isNetworkFilesystem(path: string): Promise<boolean> {
  if (process.platform !== 'linux') return false
  try {
    const { type } = await statfs(path)
    return NETWORK.has(Number(type) >>> 0)
  } catch {
    return false
  }
}

/** Whether it is known that the folder lies on a disk of this machine: only of Linux that is known. */
export async function isNearFolder(path: string): Promise<boolean> {
  return process.platform === 'linux' && !(await isNetworkFilesystem(path))
}

let known: string | null = null

/**
 * Names the kernel that this process runs on, the same for all containers on it: 12 hex digits. Device and inode numbers
 * that two nodes of one kernel tell name the same file.
 */
export function machineId(): string {
  known ??= createHash('sha256').update(bootId()).digest('hex').slice(0, 12)
  return known
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return hostname()
  }
}
