/** What nodes read, and how, seen from a node that has none of it, and on this machine alone: one mesh for all of it. */
import { afterAll, beforeAll, describe } from 'vitest'
import { oddFiles } from './reading/odd-files.ts'
import { oddFolders } from './reading/odd-folders.ts'
import { parquetTypes } from './reading/parquet-types.ts'
import { schemas } from './reading/schemas.ts'
import { Warm } from './reading/warm.ts'

const SUITES = [oddFiles, oddFolders, schemas, parquetTypes]

describe('reading', { timeout: 500_000 }, () => {
  const warm = new Warm()
  beforeAll(() => warm.start(SUITES))
  afterAll(() => warm.end())
  for (const suite of SUITES)
    describe(suite.name, () => {
      suite.tests(warm)
    })
})
