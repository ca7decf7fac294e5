import type { Target } from '../target.ts'
import { CATALOG } from './catalog.ts'
import { CONTROL } from './control.ts'
import { DATA } from './data.ts'
import { FACES } from './faces.ts'
import { FORMATS } from './formats.ts'
import { LOOKS } from './looks.ts'
import { PARQUET } from './parquet.ts'
import { PARQUET_CHECKSUMS } from './parquet-checksums.ts'
import { TASK } from './task.ts'
import { WIRE } from './wire.ts'

/** Every decoder of bytes that come from a peer, a disk or a user's file. */
export const TARGETS: readonly Target[] = [
  ...WIRE,
  ...DATA,
  ...CATALOG,
  ...FORMATS,
  ...LOOKS,
  ...PARQUET,
  PARQUET_CHECKSUMS,
  ...CONTROL,
  ...FACES,
  ...TASK,
]
