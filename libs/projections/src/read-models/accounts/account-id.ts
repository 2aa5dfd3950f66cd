import { createHash } from 'node:crypto';
import type { AccountRef } from '#lifecycle';

/**
 * The id of an account in the read models and in all that is derived from them: 32 hexadecimal digits, of the source and of the id that
 * the source gives the account. A caller who knows both finds the account; the id itself names no person.
 */
export function accountIdOf({ source, accountId }: AccountRef): string {
  return createHash('sha256').update(`account\0${source}\0${accountId}`).digest('hex').slice(0, 32);
}
