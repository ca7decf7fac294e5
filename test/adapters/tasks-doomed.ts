/** A node that is killed: it starts a task that loops in user code, says its pid, and waits for its end. */
import { Workshop } from './tasks-support.ts'

const shop = await Workshop.open()
const job = await shop.job("export default { input: 'd', map() { for (;;); } }")
const attempt = shop.tasks.start(shop.spec(job, shop.file('a\n'), { timeoutMs: 60_000 }))
process.stdout.write(`${JSON.stringify({ pid: attempt.pid, folder: shop.folder })}\n`)
await attempt.end
