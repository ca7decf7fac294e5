/**
 * A long line: a process that passes bytes on, each piece so many milliseconds after it came, in their order. Netem does
 * this for packets where a kernel has it; this does it everywhere.
 *
 *     node delaying-relay.ts LISTEN_HOST LISTEN_PORT TO_HOST TO_PORT MILLISECONDS
 *
 * Says a line on stdout when it listens, and ends when its stdin does.
 */
import { connect, createServer, type Socket } from 'node:net'

const [listenHost = '', listenPort = '', toHost = '', toPort = '', milliseconds = ''] = process.argv.slice(2)

function passOn(from: Socket, to: Socket): void {
  const later = (act: () => void): void => void setTimeout(act, Number(milliseconds))
  from.on('data', (bytes: Buffer) =>
    later(() => {
      if (to.write(bytes)) return
      from.pause()
      to.once('drain', () => from.resume())
    }),
  )
  from.on('end', () => later(() => to.end()))
  from.on('error', () => to.destroy())
  from.on('close', () => later(() => to.destroy()))
}

createServer({ allowHalfOpen: true }, (inward) => {
  const outward = connect({ host: toHost, port: Number(toPort), allowHalfOpen: true })
  passOn(inward, outward)
  passOn(outward, inward)
}).listen(Number(listenPort), listenHost, () => console.log('listening'))

process.stdin.on('end', () => process.exit()).resume()
