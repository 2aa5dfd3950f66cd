import { Describe, Optional, Text, TextAs, unreadable } from '#contracts';
import { accountIdOf } from '#projections/schema';
import { QueryRejected, reject } from '../running/query-rejected.js';
import type { ReadModels } from './read-models.js';

/** The two ways to name one account: the same in every query about one. */
export class OneAccount {
  @Optional()
  @Describe('the id of an account, as `accounts` shows it')
  @TextAs('an account id', (text) =>
    /^[0-9a-f]{32}$/.test(text)
      ? { value: text }
      : unreadable(
          'is not the id of an account',
          'give 32 characters of 0-9 and a-f; or name the account as its source does, by source=SOURCE and reference=ID',
        ),
  )
  account!: string | null;

  @Optional()
  @Text(512)
  @Describe('instead of account, together with reference: the source that published the touchpoints of the account')
  source!: string | null;

  @Optional()
  @Text(512)
  @Describe('instead of account, together with source: the accountId of these touchpoints')
  reference!: string | null;
}

/** The id of the account that the caller named, known or not. @throws QueryRejected `invalid-query` */
export function namedAccount({ account, source, reference }: Readonly<OneAccount>): string {
  if (account !== null) {
    if (source !== null || reference !== null)
      throw reject(
        source === null ? 'reference' : 'source',
        'is given beside account',
        'name the account one way: by account, or by source and reference',
      );
    return account;
  }
  if (source === null && reference === null)
    throw reject('account', 'is missing', 'name the account: account=ID, or source=SOURCE and reference=ID');
  if (source === null) throw reject('source', 'is missing', 'give the source within which reference names the account');
  if (reference === null)
    throw reject('reference', 'is missing', 'give the accountId by which the source names the account');
  return accountIdOf({ source, accountId: reference });
}

/** @throws QueryRejected `unknown-account` where no touchpoint of a member is on record */
export async function requireAccount(models: ReadModels, named: Readonly<OneAccount>): Promise<string> {
  const accountId = namedAccount(named);
  const [found] = await models.query(
    `SELECT 1 AS known FROM accounts WHERE account_id = $1::text
     UNION ALL SELECT 1 FROM membership_changes WHERE account_id = $1::text LIMIT 1`,
    [accountId],
  );
  if (found !== undefined) return accountId;
  throw new QueryRejected('unknown-account', [
    {
      pointer: named.account === null ? '#/reference' : '#/account',
      detail: 'names no known account',
      hint: 'run `accounts` to list the known ones, or name the account by source=SOURCE and reference=ID',
    },
  ]);
}
