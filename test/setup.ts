/** One seed for all properties, so that a run can be repeated; `FAST_CHECK_SEED=N` tries other inputs. */
import { configureGlobal } from 'fast-check'

configureGlobal({ seed: Number(process.env['FAST_CHECK_SEED'] ?? 1) })
