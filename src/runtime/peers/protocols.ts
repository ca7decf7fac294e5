/** Names of the streams between nodes; the number is the wire version. */
export const PROTOCOLS = {
  control: '/shoal/3/control',
  rpc: '/shoal/3/rpc',
  push: '/shoal/3/push',
  pull: '/shoal/3/pull',
} as const
