import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface Proxy {
  readonly port: number
  /** Pieces that have passed, both ways together. */
  passed(): number
  /** A cut cable: both sides stay connected, and no byte passes any more. */
  cut(): void
  close(): void
}

/** A TCP proxy on loopback that can be cut without either side being told. */
export async function startProxy(to: number): Promise<Proxy> {
  const sockets = new Set<Socket>()
  let passing = true
  let passed = 0
  const server = createServer((inward) => {
    const outward = connect(to, '127.0.0.1')
    for (const [one, other] of [
      [inward, outward],
      [outward, inward],
    ] as const) {
      sockets.add(one)
      one.pipe(other)
      one.on('data', () => passed++)
      one.on('error', () => passing && other.destroy())
      one.on('close', () => passing && other.destroy())
    }
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    passed: () => passed,
    cut: () => {
      passing = false
      server.close()
      for (const socket of sockets) socket.unpipe().pause()
    },
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
