import { Describe, Optional, STREAMS, TextAs, unreadable, type Instant } from '#contracts';
import type { QueryContext } from '../running/query.js';
import { erasedCustomer, reject, unknownCustomer } from '../running/query-rejected.js';
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

/**
 * The subject that the caller named, known or not. The identifier of an erased person leads nowhere; an auditor is told that the person was erased, and
 * when. By the id of the customer an auditor still reads what is left: events and figures without a person.
 * @throws QueryRejected `erased` for an auditor, `unknown-customer` for every other caller
 */
export async function namedSubject(context: QueryContext, named: NamedCustomer): Promise<string> {
  const subjectId = subjectNamed(context, named);
  const { mayAudit, personalData, log } = context;
  if (mayAudit && named.customer !== null) return subjectId;
  if (!(await personalData.isErased(subjectId))) return subjectId;
  if (!mayAudit) throw unknown(named);
  throw erasedCustomer('identifier', await erasureOf(log, subjectId));
}

function subjectNamed(context: QueryContext, { customer, identifier }: NamedCustomer): string {
  if (customer !== null && identifier !== null)
    throw reject('identifier', 'is given beside customer', 'name the customer one way: by customer or by identifier');
  if (customer !== null) return customer;
  if (identifier === null)
    throw reject('customer', 'is missing', 'name the customer: customer=ID or identifier=NAMESPACE:VALUE');
  const colon = identifier.indexOf(':');
  return context.personalData.subjectIdOf(identifier.slice(0, colon), identifier.slice(colon + 1));
}

/** When a subject was erased; null where its keys are destroyed and the log does not record it yet. */
async function erasureOf(log: QueryContext['log'], subjectId: string): Promise<Instant | null> {
  for await (const page of log.read(STREAMS.privacy))
    for (const { type, data, recordedAt } of page) {
      if (type !== 'person-erased') continue;
      const { subjectIds } = JSON.parse(data) as { readonly subjectIds: readonly string[] };
      if (subjectIds.includes(subjectId)) return recordedAt;
    }
  return null;
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
