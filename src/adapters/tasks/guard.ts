import { type ChildProcess, spawn } from 'node:child_process'

/**
 * A shell that knows the pids of the task processes, and kills them when its stdin closes: when this node has died,
 * also by SIGKILL, and user code loops so that its process cannot notice. It costs a megabyte.
 */
const SCRIPT = `trap '' INT TERM HUP
pids=' '
while read -r op pid; do
  case $op in
    add) pids="$pids$pid " ;;
    drop) case $pids in *" $pid "*) pids="\${pids%% $pid *} \${pids#* $pid }" ;; esac ;;
  esac
done
for pid in $pids; do kill -9 "$pid"; done`

export class Guard {
  readonly #shell: ChildProcess

  constructor() {
    // A group of its own: Ctrl-C in the node's terminal is not meant for it.
    this.#shell = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, env: {} })
    // Where no shell can be started, leftovers are ended by the node's next start instead.
    this.#shell.on('error', () => undefined)
    this.#shell.stdin?.on('error', () => undefined)
    this.#shell.unref()
    const stdin = this.#shell.stdin as { unref?(): void } | null
    stdin?.unref?.()
  }

  add(pid: number): void {
    this.#shell.stdin?.write(`add ${pid}\n`)
  }

  drop(pid: number): void {
    this.#shell.stdin?.write(`drop ${pid}\n`)
  }

  /** Ends the shell, and with it any process it still knows. */
  stop(): void {
    this.#shell.stdin?.end()
  }
}
