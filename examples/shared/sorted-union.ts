/** The union of two sorted lists without duplicates; the usual case, one element that is there already, costs a look. */
export function sortedUnion(a: readonly string[], b: readonly string[]): readonly string[] {
  const [only] = b
  if (b.length === 1 && only !== undefined && a.lastIndexOf(only) >= 0) return a
  return [...new Set([...a, ...b])].sort()
}
