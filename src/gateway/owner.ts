import { hash } from 'node:crypto'
import { type ClientKeys, shownKeys } from '../access/index.ts'
import type { Exchange } from './exchange.ts'

/**
 * Whose state this is: nobody gets another caller's. A digest of the key, so that no key stands where state is kept;
 * callers without a key are one and the same.
 */
export function ownerOf(exchange: Exchange): string {
  return digest(shownKeys(exchange)[0]?.key)
}

/** Whose requests are counted together: by the key that opened the house, where the caller shows others as well. */
export function callerOf(exchange: Exchange, clientKeys: ClientKeys): string {
  const shown = shownKeys(exchange)
  return digest((shown.find(({ key }) => clientKeys.owns(key)) ?? shown[0])?.key)
}

function digest(key: string | undefined): string {
  return key === undefined ? '' : hash('sha256', key, 'base64')
}
