/** What columns Parquet files have, from the disk to the catalog, and over restarts. */
import { decode, encode } from 'cborg'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { expect, it } from 'vitest'
import { decodeCatalog, decodeScanAnswer, encodeCatalog, encodeScanAnswer } from '../../src/catalog/codec.ts'
import { fromKept, toKept } from '../../src/kept/form.ts'
import { testFolder } from './folder.ts'
import { states, testHome } from './home.ts'

const folder = testFolder()
const home = testHome()
const { started } = home

const parquet = (data: unknown[]): Uint8Array =>
  new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'a', data }] }))

it('are found when files are described, and again where they change', async () => {
  await folder.write('a.parquet', parquet([1, 2]))
  await folder.write('b.parquet', parquet([1n]))
  await folder.write('c.parquet', 'PAR1 and no more PAR1')
  await folder.write('d.csv', 'a\n1\n')
  const catalog = await started([folder.offer()])
  const found = (): unknown[] => catalog.entries('logs').map(({ path, columns }) => [path, columns])
  const rest = [['b.parquet', 'a int64'], ['c.parquet', undefined], ['d.csv', undefined]] // prettier-ignore
  expect(found()).toEqual([['a.parquet', 'a int32'], ...rest])
  expect(decodeCatalog(encodeCatalog(catalog.record()))).toEqual(catalog.record())
  await folder.write('a.parquet', parquet(['x']))
  await catalog.rescan()
  expect(found()).toEqual([['a.parquet', 'a string'], ...rest])
})

it('are told in the answer to a scan by options that make the file Parquet', async () => {
  await folder.write('a.csv', parquet([1n]))
  const catalog = await started([folder.offer()])
  expect(catalog.entries('logs')[0]?.columns).toBeUndefined()
  const inputs = [{ dataset: 'logs', glob: '', options: { format: 'parquet' } }] as const
  const answer = await catalog.answerScan(inputs, null, new AbortController().signal)
  expect(answer.described[0]?.map(({ columns }) => columns)).toEqual(['a int64'])
  expect(decodeScanAnswer(encodeScanAnswer(answer))).toEqual(answer)
})

it('are found anew by a home that knew nothing of them, and only they', async () => {
  await folder.write('a.parquet', parquet([1n]))
  await folder.write('b.csv', 'a\n1\n')
  const before = await started([folder.offer()])
  const [entry] = before.entries('logs')
  await before.stop()
  const file = `catalog/${entry!.root}`
  const [format, dev, body] = decode(fromKept((await home.disk.get(file))!)!) as [number, string, Uint8Array]
  const [, [version, datasets]] = decode(body) as [number, [number, unknown[][]]]
  const [name, replicated, roots, entries] = datasets[0] as [string, boolean, unknown[], unknown[][]]
  const older = encode([2, [version, [[name, replicated, roots, entries.map((one) => one.slice(0, 11))]]]])
  await home.disk.put(file, toKept(encode([format, dev, older])))
  const catalog = home.made([folder.offer()])
  await catalog.start()
  expect(states(catalog)).toEqual(['a.parquet pending', 'b.csv offered'])
  await catalog.rescan()
  expect(catalog.entries('logs')[0]?.columns).toBe('a int64')
})
