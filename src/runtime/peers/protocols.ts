/** Names of the streams between nodes; the number is the wire version. */
export const PROTOCOLS = {
  control: '/shoal/1/control',
  rpc: '/shoal/1/rpc',
  push: '/shoal/1/push',
  pull: '/shoal/1/pull',
} as const
