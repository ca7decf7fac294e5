import type { LoadedJob } from './load-job.ts'
import { makeRealm, type Realm, SharedRealm } from './realm.ts'
import { type CodeRealm, type JobCode, MARKS } from './user-code.ts'
import { makeWebHost } from './web-host.ts'

/** The job's code as it runs in realms of this process; `log` takes what it writes to its console. */
export function codeInRealms(
  job: LoadedJob,
  params: Readonly<Record<string, string>>,
  log: (text: string) => void,
): JobCode {
  const host = makeWebHost(log)
  const { maySkip, module } = job
  const loading = (realm: Realm): CodeRealm => {
    const { driver, rows, values } = realm
    return { driver, rows, values, load: () => realm.run(job) }
  }
  return {
    params,
    maySkip,
    sourceMap: () => job.sourceMap(),
    open: (outside) => loading(makeRealm(host, outside, MARKS, job.temporal)),
    share: () => {
      if (module === null) return null
      const shared = new SharedRealm(host, MARKS, module)
      return (outside) => loading(shared.next(outside))
    },
  }
}
