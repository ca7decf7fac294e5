/** Encodings of Parquet that are told apart here, by number (parquet-format/src/main/thrift/parquet.thrift, `Encoding`). */
const PLAIN_DICTIONARY = 2
const RLE_DICTIONARY = 8
export const BIT_PACKED = 4
export const DELTA_BINARY_PACKED = 5

/** The values of the page are numbers of a dictionary's entries. */
export function isOfDictionary(encoding: number): boolean {
  return encoding === PLAIN_DICTIONARY || encoding === RLE_DICTIONARY
}
