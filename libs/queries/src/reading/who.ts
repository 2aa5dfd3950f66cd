import { Describe, Optional, TextAs, unreadable } from '#contracts';
import type { QueryContext } from '../running/query.js';
import { reject, unknownCustomer } from '../running/query-rejected.js';
import type { ReadModels } from './read-models.js';

/** The two ways to name one customer: the same in every query about one. */
export class OneCustomer {
  @Optional()
  @Describe("a customer's id, or the id of any of their subjects: old ids keep working")
  @TextAs('a customer id', (text) =>
    /^[0-9a-f]{32}$/.test(text)
      ? { value: text }
      : unreadable(
          'is not a customer id',
          'give 32 characters of 0-9 and a-f; or name the customer as a channel does, by identifier=NAMESPACE:VALUE',
        ),
  )
  customer!: string | null;

  @Optional()
  @Describe('an identifier of the customer instead of customer, as NAMESPACE:VALUE, for example email:ada@example.com')
  @TextAs('an identifier', (text) =>
    text.length <= IDENTIFIER_LENGTH_MAX && /^[^:]{1,128}:./s.test(text)
      ? { value: text }
      : unreadable('is not an identifier', 'write NAMESPACE:VALUE, for example userId:42'),
  )
  identifier!: string | null;
}

const IDENTIFIER_LENGTH_MAX = 512;

/** How the caller named the customer. */
export type NamedCustomer = Readonly<OneCustomer>;

/** The subject that the caller named, known or not. */
export function namedSubject(context: QueryContext, { customer, identifier }: NamedCustomer): string {
  if (customer !== null && identifier !== null)
    throw reject('identifier', 'is given beside customer', 'name the customer one way: by customer or by identifier');
  if (customer !== null) return customer;
  if (identifier === null)
    throw reject('customer', 'is missing', 'name the customer: customer=ID or identifier=NAMESPACE:VALUE');
  const colon = identifier.indexOf(':');
  return context.personalData.subjectIdOf(identifier.slice(0, colon), identifier.slice(colon + 1));
}

/** The customer that a subject belongs to now. @throws QueryRejected `unknown-customer` */
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
