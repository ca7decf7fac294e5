export function partName(partition: number, suffix: string): string {
  return `part-${String(partition).padStart(5, '0')}${suffix}`
}

export function isPartName(name: string): boolean {
  return /^part-\d{5}\.[a-z]+$/.test(name)
}
