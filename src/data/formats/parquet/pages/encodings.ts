/** Encodings of Parquet that are told apart here, by number (parquet-format/src/main/thrift/parquet.thrift, `Encoding`). */
const PLAIN_DICTIONARY = 2
export const PLAIN = 0
export const RLE = 3
export const BIT_PACKED = 4
export const DELTA_BINARY_PACKED = 5
export const DELTA_LENGTH_BYTE_ARRAY = 6
export const DELTA_BYTE_ARRAY = 7
const RLE_DICTIONARY = 8
export const BYTE_STREAM_SPLIT = 9

/** The values of the page are numbers of a dictionary's entries. */
export function isOfDictionary(encoding: number): boolean {
  return encoding === PLAIN_DICTIONARY || encoding === RLE_DICTIONARY
}

export function isOfDeltas(encoding: number): boolean {
  return encoding >= DELTA_BINARY_PACKED && encoding <= DELTA_BYTE_ARRAY
}
