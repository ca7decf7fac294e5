/** What a node runs programs by, for people: of JavaScript alone as it is, else by kind. */
export function runtimesText(runtimes: Readonly<Record<string, string>>): string {
  const kinds = Object.keys(runtimes).sort()
  if (kinds.length === 1 && kinds[0] === 'js') return runtimes['js']!
  return kinds.map((kind) => `${kind}: ${runtimes[kind]}`).join('; ')
}
