import type { Params } from '../running/params.js';
import type { QueryContext } from '../running/query.js';
import { reject, unknownCustomer } from '../running/query-rejected.js';
import type { ReadModels } from './read-models.js';

/** The two ways to name one customer: the same in every query about one. */
export const ONE_CUSTOMER = {
  customer: {
    type: 'text',
    pattern: /^[0-9a-f]{32}$/,
    description: "a customer's id, or the id of any subject of theirs: old ids go on to work.",
    hint: 'A customer id is 32 characters of 0-9 and a-f. To name the customer as a channel does, use identifier=NAMESPACE:VALUE.',
  },
  identifier: {
    type: 'text',
    pattern: /^[^:]{1,128}:[^\u0000-\u001f]+$/,
    description: 'an identifier of theirs instead of customer, as NAMESPACE:VALUE, for example email:ada@example.com.',
    hint: 'Write NAMESPACE:VALUE, for example userId:42.',
  },
} as const satisfies Params;

/** How the caller named the customer. */
export interface NamedCustomer {
  readonly customer: string | null;
  readonly identifier: string | null;
}

/** The subject that the caller named, known or not. */
export function namedSubject(context: QueryContext, { customer, identifier }: NamedCustomer): string {
  if (customer !== null && identifier !== null)
    throw reject('identifier', 'stands beside customer', 'Name the customer one way: by customer or by identifier.');
  if (customer !== null) return customer;
  if (identifier === null)
    throw reject('customer', 'is missing', 'Name the customer: customer=ID or identifier=NAMESPACE:VALUE.');
  const colon = identifier.indexOf(':');
  return context.personalData.subjectIdOf(identifier.slice(0, colon), identifier.slice(colon + 1));
}

/** The customer to whom a subject belongs now. @throws QueryRejected `unknown-customer` */
export async function customerOf(models: ReadModels, subjectId: string, named: NamedCustomer): Promise<string> {
  const [row] = await models.query<{ customer_id: string }>(
    'SELECT customer_id FROM subjects WHERE subject_id = $1::text',
    [subjectId],
  );
  if (row === undefined) throw unknown(named);
  return row.customer_id;
}

export function unknown(named: NamedCustomer): ReturnType<typeof unknownCustomer> {
  return unknownCustomer(named.customer === null ? 'identifier' : 'customer', 'names no known customer');
}
