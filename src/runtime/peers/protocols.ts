/** Names of the streams between nodes; the number is the wire version. */
export const PROTOCOLS = {
  control: '/shoal/2/control',
  rpc: '/shoal/2/rpc',
  push: '/shoal/2/push',
  pull: '/shoal/2/pull',
} as const
