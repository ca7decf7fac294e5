/**
 * The bare stream to compare the shuffle with: TCP, noise and yamux between two processes, written to a file there and
 * fsynced, one byte back. usage: libp2p-stream.ts receive FILE BYTES, which prints its address; libp2p-stream.ts send ADDRESS
 * BYTES, which prints the milliseconds from the first byte sent to the answer.
 */
import { randomFillSync } from 'node:crypto'
import { open } from 'node:fs/promises'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'

const PROTOCOL = '/bench/1'
const CHUNK_BYTES = 256 * 1024
const QUEUE_BYTES_MAX = 2 ** 20

const host = (listen: readonly string[]): Promise<Libp2p> =>
  createLibp2p({
    addresses: { listen: [...listen] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    // The window and buffer of Shoal's own streams; with the defaults a paused stream is aborted.
    streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: 2 ** 20, maxReadBufferLength: 4 * 2 ** 20 } })],
    connectionMonitor: { enabled: false },
  })

async function receive(path: string, bytes: number): Promise<void> {
  const node = await host(['/ip4/127.0.0.1/tcp/0'])
  const file = await open(path, 'w')
  await node.handle(PROTOCOL, (stream) => {
    let left = bytes
    let queued = 0
    let writing = Promise.resolve()
    const keep = async (chunk: Uint8Array): Promise<void> => {
      await file.write(chunk)
      queued -= chunk.length
      left -= chunk.length
      if (queued < QUEUE_BYTES_MAX / 4 && stream.readStatus === 'paused') stream.resume()
      if (left > 0) return
      await file.sync()
      stream.send(Uint8Array.of(1))
    }
    stream.addEventListener('message', ({ data }) => {
      const chunk = data.subarray()
      queued += chunk.length
      if (queued > QUEUE_BYTES_MAX) stream.pause()
      writing = writing.then(() => keep(chunk))
    })
  })
  console.log(String(node.getMultiaddrs()[0]))
}

async function send(address: string, bytes: number): Promise<void> {
  const node = await host([])
  const stream = await node.dialProtocol(multiaddr(address), PROTOCOL)
  const answered = new Promise<void>((resolve, reject) => {
    stream.addEventListener('message', () => resolve())
    stream.addEventListener('close', () => reject(new Error('the stream ended without an answer')))
  })
  const chunk = randomFillSync(new Uint8Array(CHUNK_BYTES))
  const started = performance.now()
  for (let sent = 0; sent < bytes; sent += CHUNK_BYTES) {
    stream.send(chunk)
    if (stream.writableNeedsDrain) {
      await new Promise<void>((resolve) => stream.addEventListener('drain', () => resolve(), { once: true }))
    }
  }
  await answered
  console.log(String(performance.now() - started))
  await node.stop()
}

const [mode, target, bytes] = process.argv.slice(2)
if (mode === 'receive' && target !== undefined) await receive(target, Number(bytes))
else if (mode === 'send' && target !== undefined) await send(target, Number(bytes))
else throw new Error('usage: receive FILE BYTES | send ADDRESS BYTES')
