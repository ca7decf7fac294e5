import type * as nodeHttp from 'node:http'

/**
 * `node:http` without its face for ECMAScript imports: to make that, Node asks the module for every one of its exports,
 * and one of them loads its WebSocket and fetch, which takes longer than most commands run.
 */
export const http: typeof nodeHttp = process.getBuiltinModule('node:http')
