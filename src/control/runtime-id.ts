import { FORMAT_VERSION } from '../core/limits.ts'
import { VERSION } from './version.ts'

/**
 * What must be equal for two machines to give equal answers: format and version of Shoal, engine, Unicode and time-zone
 * data, CPU architecture (floating-point library functions may differ in the last bit).
 */
export function runtimeId(): string {
  const { node, v8, icu, tz } = process.versions
  return `format ${FORMAT_VERSION} shoal ${VERSION} node ${node} v8 ${v8} icu ${icu} tz ${tz} ${process.arch}`
}
