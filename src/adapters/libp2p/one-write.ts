import { Socket } from 'node:net'

/** What of a connection over TCP is no part of its type. */
interface OverSocket {
  readonly socket?: unknown
  sendData(data: unknown): unknown
}

/**
 * Noise hands on each message in two pieces, its length and its bytes, and libp2p's TCP writes them one by one: twice the
 * system calls, and two packets, for messages of a few hundred bytes. Here all pieces of a message are one write.
 */
export function inOneWrite(connection: object): void {
  const { socket } = connection as OverSocket
  // Over a relay there is none.
  if (!(socket instanceof Socket)) return
  const over = connection as OverSocket
  const send = over.sendData.bind(over)
  over.sendData = (data) => {
    socket.cork()
    try {
      return send(data)
    } finally {
      socket.uncork()
    }
  }
}
