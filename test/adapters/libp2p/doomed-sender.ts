/** A process that joins, opens a stream, and writes until it is killed. Arguments: mesh key in hex, address to join. */
import { createIdentity } from '../../../src/adapters/libp2p/identity.ts'
import { meshKey } from '../../../src/adapters/libp2p/key.ts'
import { startMesh } from '../../../src/adapters/libp2p/mesh.ts'
import type { NodeId } from '../../../src/core/types.ts'

const [, , key = '', address = ''] = process.argv
const peer = (address.split('/').at(-1) ?? '') as NodeId
const mesh = await startMesh(
  {
    identity: await createIdentity(),
    key: meshKey(Buffer.from(key, 'hex')),
    protocols: [],
    listen: ['/ip4/127.0.0.1/tcp/0'],
    mdns: false,
    warn: () => undefined,
  },
  { gossip: () => undefined, peer: () => undefined, stream: () => undefined, joinFailed: () => undefined },
)
mesh.keepDialling(null, [address])
const stream = await mesh.open(peer, 'held')
const frame = new Uint8Array(100_000)
for (;;) await stream.write(frame)
