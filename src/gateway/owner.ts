import { hash } from 'node:crypto'
import { shownKeys } from '../access/index.ts'
import type { Exchange } from './exchange.ts'

/**
 * Whose state this is: nobody gets another caller's. A digest of the key, so that no key stands where state is kept;
 * callers without a key are one and the same.
 */
export function ownerOf(exchange: Exchange): string {
  const key = shownKeys(exchange)[0]?.key
  return key === undefined ? '' : hash('sha256', key, 'base64')
}
