/** From stored values, as Arrow arrays of the plain types, to what a record has: by the column's type alone. */
import { PER_SECOND, type TimeUnit } from '../../../../words/iso.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { isAscii, isUtf8 } from 'node:buffer'
import { ALL_SUSPECTS, jsonRecord, whyBad } from '../../json/record.ts'
import { BAD } from '../../reader.ts'
import type { ArrowArray } from '../decode/arrow.ts'
import { UnreadableValue, type Forms, type Getter, type Widened } from './forms.ts'
import { dateMs, dayMs, int96Nanoseconds, intervalOf, timestampText } from './instants.ts'
import { halfOf, signedOf } from './numbers.ts'
import { scaledText, uuidText } from '../../../typed.ts'
import type { SchemaNode } from '../metadata/schema.ts'

/** Values of a leaf that is neither null nor repeated here. */
export function leafValues(node: SchemaNode, array: ArrowArray, forms: Forms, widened: Widened | undefined): Getter {
  const { meaning, physical } = node
  switch (physical) {
    case 'BOOLEAN': {
      const bits = array.values as Uint8Array
      return (i) => (bits[i >> 3]! & (1 << (i & 7))) !== 0
    }
    case 'INT32':
      return int32Values(node, int32s(array), forms, widened)
    case 'INT64':
      return int64Values(node, array.values as BigInt64Array, forms, widened)
    case 'INT96': {
      const view = viewOf(array)
      const form = timestampForm('ns', true, forms)
      return (i) => form(int96Nanoseconds(view, i * 12))
    }
    case 'FLOAT':
    case 'DOUBLE': {
      const numbers = array.values as Float32Array | Float64Array
      return (i) => numbers[i]!
    }
    default:
      if (meaning.kind === 'float16') {
        const view = viewOf(array)
        return (i) => halfOf(view.getUint16(i * 2, true))
      }
      if (meaning.kind === 'interval') {
        const view = viewOf(array)
        return (i) => intervalOf(view, i * 12)
      }
      return byteValues(node, array, forms)
  }
}

function int32Values({ meaning }: SchemaNode, values: Int32Array, forms: Forms, widened: Widened | undefined): Getter {
  switch (meaning.kind) {
    case 'decimal':
      return (i) => scaledText(values[i]!, meaning.scale)
    case 'date':
      return (i) => forms.factory.date(dayMs(values[i]!))
    case 'time': {
      const factor = factorTo(widened, meaning.unit)
      return (i) => BigInt(values[i]!) * factor
    }
    default: {
      const number =
        meaning.kind === 'integer' ? integers(values, meaning.bits, meaning.signed) : integers(values, 32, true)
      return widened === 'int64' ? (i) => BigInt(number(i)) : number
    }
  }
}

/** Some come as 64 bits, see `piece.ts`. */
function int32s({ values, length }: ArrowArray): Int32Array {
  if (values instanceof Int32Array) return values
  const halves = values as BigInt64Array
  const words = new Int32Array(halves.buffer, halves.byteOffset, length * 2)
  return Int32Array.from({ length }, (_, i) => words[2 * i]!)
}

/** Numbers of fewer bits lie in the lowest of 32; what the others hold does not count. */
function integers(values: Int32Array, bits: number, signed: boolean): (i: number) => number {
  if (bits === 32) return signed ? (i) => values[i]! : (i) => values[i]! >>> 0
  const rest = 32 - bits
  return signed ? (i) => (values[i]! << rest) >> rest : (i) => (values[i]! << rest) >>> rest
}

function int64Values(
  { meaning }: SchemaNode,
  values: BigInt64Array,
  forms: Forms,
  widened: Widened | undefined,
): Getter {
  switch (meaning.kind) {
    case 'decimal':
      return (i) => scaledText(values[i]!, meaning.scale)
    case 'timestamp': {
      const form = timestampForm(unitOf(widened, meaning.unit), meaning.utc, forms)
      const factor = factorTo(widened, meaning.unit)
      return factor === 1n ? (i) => form(values[i]!) : (i) => form(values[i]! * factor)
    }
    case 'time': {
      const factor = factorTo(widened, meaning.unit)
      return factor === 1n ? (i) => values[i]! : (i) => values[i]! * factor
    }
    case 'integer':
      return meaning.signed ? (i) => values[i]! : (i) => BigInt.asUintN(64, values[i]!)
    default:
      return (i) => values[i]!
  }
}

function unitOf(widened: Widened | undefined, unit: TimeUnit): TimeUnit {
  return widened === undefined || widened === 'int64' ? unit : widened
}

/** What a number of this unit is to be multiplied with. */
function factorTo(widened: Widened | undefined, unit: TimeUnit): bigint {
  return PER_SECOND[unitOf(widened, unit)] / PER_SECOND[unit]
}

export function timestampForm(
  unit: TimeUnit,
  utc: boolean,
  { timestamps, factory }: Forms,
): (value: bigint) => unknown {
  if (timestamps === 'text') return (value) => timestampText(value, unit, utc)
  if (timestamps === 'date' || unit === 'ms') return (value) => factory.date(dateMs(value, unit))
  return (value) => value
}

function byteValues(node: SchemaNode, array: ArrowArray, forms: Forms): Getter {
  const { meaning, length } = node
  const { factory } = forms
  switch (meaning.kind) {
    case 'string':
    case 'enum':
      return textValues(array, length)
    case 'json': {
      const text = textValues(array, length)
      return (i) => jsonValue(text(i), forms)
    }
    case 'decimal': {
      const bytes = slices(array, length)
      return (i) => {
        const unscaled = bytes(i)
        if (unscaled.length > LIMITS.parquetDecimalBytesMax)
          throw new UnreadableValue(
            `a decimal has ${unscaled.length} bytes, more than ${LIMITS.parquetDecimalBytesMax}`,
          )
        return scaledText(signedOf(unscaled), meaning.scale)
      }
    }
    case 'uuid': {
      const bytes = slices(array, length)
      return (i) => uuidText(bytes(i))
    }
    default: {
      if (meaning.kind === 'none' && node.physical === 'BYTE_ARRAY' && forms.bytesAreText)
        return textValues(array, length)
      const bytes = slices(array, length)
      return (i) => factory.bytes(bytes(i))
    }
  }
}

function jsonValue(text: string, { factory }: Forms): unknown {
  const value = jsonRecord(text, ALL_SUSPECTS, 'double', factory)
  if (value === BAD) throw new UnreadableValue(`the text of a JSON column: ${whyBad(text, 'double')}`)
  return value
}

/** Views of the bytes of each value: not to be kept. */
export function slices(array: ArrowArray, length: number): (i: number) => Uint8Array {
  const values = array.values as Uint8Array
  const { offsets } = array
  if (offsets === undefined) return (i) => values.subarray(i * length, (i + 1) * length)
  return (i) => values.subarray(offsets[i], offsets[i + 1])
}

/** Whether all is text is found out once for all values. */
function textValues(array: ArrowArray, length: number): (i: number) => string {
  const values = array.values as Uint8Array
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength)
  const { offsets } = array
  const start = offsets === undefined ? (i: number) => i * length : (i: number) => offsets[i]!
  if (isAscii(bytes)) return (i) => bytes.toString('latin1', start(i), start(i + 1))
  return (i) => {
    const from = start(i)
    const to = start(i + 1)
    if (!isUtf8(bytes.subarray(from, to)))
      throw new UnreadableValue('a text column holds bytes that are not valid UTF-8')
    return bytes.toString('utf8', from, to)
  }
}

function viewOf({ values }: ArrowArray): DataView {
  const { buffer, byteOffset, byteLength } = values as Uint8Array
  return new DataView(buffer, byteOffset, byteLength)
}
