import type { Column } from '../running/query.js';

/** How queries name an account. */
export const ACCOUNT_COLUMNS: readonly Column[] = [
  {
    name: 'accountId',
    type: 'text',
    description: 'the account: a hash of its source and of the id that the source gives it',
  },
  { name: 'source', type: 'text', description: 'the source whose touchpoints join customers to it' },
  {
    name: 'reference',
    type: 'text',
    nullable: true,
    description:
      'the id that the source gives it; null of a household, and where no touchpoint says what it is, since it may name a person',
  },
  { name: 'kind', type: 'text', description: 'household, company or other' },
];

/** The kinds of accounts. */
export const ACCOUNT_KINDS = ['household', 'company', 'other'] as const;
