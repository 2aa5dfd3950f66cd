import { Default, Describe, OneOf, Optional, STREAMS, Text, type Instant } from '#contracts';
import { compareEvents, foldCustomer, type Consent } from '#lifecycle';
import { pageOf } from '../running/page.js';
import { query, type QueryContext } from '../running/query.js';
import { eventData } from '../reading/event-data.js';
import { erasedCondition, type ErasedParam } from '../reading/erased.js';
import { IDENTIFIER_COLUMN, strongestIdentifiers, withIdentifiers } from '../reading/identifiers.js';
import { lifecycleEventOf } from '../reading/life.js';
import { policiesKnown } from '../reading/policies.js';
import { inReadModels, type ReadModels } from '../reading/read-models.js';
import { onlyMembers, OF_SEGMENT } from '../reading/segments.js';
import { Where } from '../reading/where.js';
import { customerOf, namedSubject, OneCustomer } from '../reading/who.js';

const STATES = ['given', 'unconfirmed', 'withdrawn', 'expired'] as const;

/** Of the past, so many customers are read from the log and folded at once. */
const FOLDED_AT_ONCE = 50;

class ConsentsParams extends OneCustomer {
  @Optional() @Text(200) @Describe('only consents for this purpose') 'consent-purpose'!: string | null;
  @Optional()
  @Text(64)
  @Describe('only consents by this medium; all for those that hold for every medium')
  medium!: string | null;
  @Optional() @OneOf(...STATES) @Describe('only consents in this state') state!: string | null;
  @Default('without')
  @OneOf('without', 'with', 'only')
  @Describe('of all customers: without those whose person was erased, with them, or only them')
  erased!: ErasedParam['erased'];
  @Optional() @Text(64) @Describe(OF_SEGMENT) segment!: string | null;
}

interface ConsentRow {
  readonly customerId: string;
  readonly purpose: string;
  readonly medium: string | null;
  readonly state: (typeof STATES)[number];
  readonly since: Instant;
  readonly until: Instant | null;
  readonly confirmedAt: Instant | null;
  readonly wording: string | null;
  readonly wordingVersion: string | null;
  readonly source: string | null;
  readonly eventId: string | null;
  readonly proofSource: string | null;
  readonly proofEventId: string | null;
}

/** Who allowed or withdrew what, now or at an instant: the answer to "did we have it when we sent?". */
export const consents = query({
  name: 'consents',
  summary: 'The consents of all customers, or of one, as they stand now or stood at an instant.',
  description:
    'One row for each purpose and medium that a customer allowed or withdrew; a withdrawal has a row like a grant. medium is null where it holds for every medium without a row of its own. Without as-of from the read models; with as-of each customer is folded from the log, as it is known now, which takes longer.',
  permission: 'read',
  params: ConsentsParams,
  time: 'as-of',
  paged: true,
  opens: ['identifier'],
  columns: [
    { name: 'customerId', type: 'text', description: 'the customer' },
    IDENTIFIER_COLUMN,
    { name: 'purpose', type: 'text', description: 'what it is for' },
    { name: 'medium', type: 'text', nullable: true, description: 'by which medium; null: by every other medium' },
    {
      name: 'state',
      type: 'text',
      description: 'given, unconfirmed (the policy asks for a confirmation: it counts as none), withdrawn or expired',
    },
    { name: 'since', type: 'instant', description: 'since when, without a break' },
    { name: 'until', type: 'instant', nullable: true, description: 'when it expires or expired; null: no date is set' },
    { name: 'source', type: 'text', nullable: true, description: 'the source of the event that gave or withdrew it' },
    { name: 'eventId', type: 'text', nullable: true, description: 'the id of that event' },
    { name: 'type', type: 'text', nullable: true, description: 'the type of that event' },
    { name: 'recordedAt', type: 'instant', nullable: true, description: 'when the log recorded that event' },
    {
      name: 'confirmedAt',
      type: 'instant',
      nullable: true,
      description: 'when the customer confirmed it (double opt-in)',
    },
    { name: 'wording', type: 'text', nullable: true, description: 'the text that the customer was shown, by name' },
    {
      name: 'wordingVersion',
      type: 'text',
      nullable: true,
      description: 'the version of that text, where it was stated',
    },
    {
      name: 'proofSource',
      type: 'text',
      nullable: true,
      description: 'the source of the last event that gave or confirmed it',
    },
    { name: 'proofEventId', type: 'text', nullable: true, description: 'the id of that event' },
  ],
  async answer(context, { params, asOf, past, after, limit }) {
    const subjectId =
      params.customer === null && params.identifier === null ? null : await namedSubject(context, params);
    const rows: ConsentRow[] = [];
    let position: number | null = null;
    let only: string | null = null;
    let place = after === null ? null : String(after[0]);
    // The customer at which the page before ended comes once more: some of their rows may be left.
    let includes = true;
    while (rows.length <= limit) {
      const atOnce = past ? FOLDED_AT_ONCE : limit + 1;
      const read = await inReadModels(context.database, async (models) => {
        if (subjectId !== null) only ??= await customerOf(models, subjectId, params);
        const holders = await holdersAfter(models, { place, includes, only, ...params }, atOnce);
        return { holders, position: models.position };
      });
      position ??= read.position;
      // Outside the transaction: the log may need the database itself.
      const held = past ? await consentsThen(context, read.holders, asOf, read.position) : read.holders;
      for (const { customerId, consents } of held)
        rows.push(
          ...consents
            .map((consent) => rowOf(customerId, consent, asOf))
            .filter((row) => isWanted(row, params) && (after === null || isAfter(row, after))),
        );
      place = read.holders.at(-1)?.customerId ?? place;
      includes = false;
      if (read.holders.length < atOnce) break;
    }
    const page = pageOf(rows, limit, ({ customerId, purpose, medium }) => [customerId, purpose, medium ?? '']);
    const ids = [...new Set(page.rows.map(({ customerId }) => customerId))];
    const identifiers = await inReadModels(context.database, (models) => strongestIdentifiers(models, ids));
    const named = await withIdentifiers(context, page.rows, identifiers);
    const causes = await causesOf(context, page.rows);
    return {
      rows: named.map((row, at) => {
        const { wording = null, ...cause } = causes[at] ?? {};
        return { ...row, ...cause, wording: row.wording ?? wording };
      }),
      next: page.next,
      position: position ?? 0,
    };
  },
});

interface Holder {
  readonly customerId: string;
  readonly subjectIds: readonly string[];
  readonly consents: readonly Consent[];
}

/** Customers with any word on consent, by their id. What was said once is never quite gone: a withdrawal stays on record. */
async function holdersAfter(
  models: ReadModels,
  wanted: {
    readonly place: string | null;
    readonly includes: boolean;
    readonly only: string | null;
    readonly erased: ErasedParam['erased'];
    readonly segment: string | null;
  },
  limit: number,
): Promise<(Holder & Record<string, unknown>)[]> {
  const where = new Where(limit)
    .and('customer_id = ?::text', wanted.only)
    .and(`customer_id ${wanted.includes ? '>=' : '>'} ?::text`, wanted.place)
    .always('jsonb_array_length(consents) > 0');
  // A customer that is named is meant, erased or not.
  const erased = wanted.only === null ? erasedCondition(wanted.erased, 'c.customer_id') : null;
  if (erased !== null) where.always(erased);
  await onlyMembers(models, where, wanted.segment, 'c.customer_id');
  return models.query<Holder & Record<string, unknown>>(
    `SELECT customer_id AS "customerId", consents,
            ARRAY(SELECT subject_id FROM subjects s WHERE s.customer_id = c.customer_id ORDER BY 1) AS "subjectIds"
       FROM customers c ${where.sql} ORDER BY customer_id LIMIT $1::int`,
    where.params,
  );
}

/** What they allowed and withdrew by an instant: folded from the log. */
async function consentsThen(
  { log }: QueryContext,
  holders: readonly Holder[],
  asOf: Instant,
  upTo: number,
): Promise<Holder[]> {
  const policies = await policiesKnown(log, null);
  const then: Holder[] = [];
  for (const { customerId, subjectIds } of holders) {
    const recorded = await log.readStreams(subjectIds.map(STREAMS.subject), { upTo });
    const events = recorded.map(lifecycleEventOf).sort(compareEvents);
    const { view } = foldCustomer({ events, policies, asOf });
    then.push({ customerId, subjectIds, consents: view?.consents ?? [] });
  }
  return then;
}

function rowOf(customerId: string, consent: Consent, asOf: Instant): ConsentRow {
  const { purpose, medium, given, since, expiresAt } = consent;
  // Read models of another program may have no cause.
  const cause = consent.cause as Consent['cause'] | undefined;
  const isOver = expiresAt !== null && expiresAt <= asOf;
  const state = !given ? 'withdrawn' : isOver ? 'expired' : consent.awaitsConfirmation ? 'unconfirmed' : 'given';
  const proof = given ? (consent.proof ?? cause) : undefined;
  return {
    ...{ customerId, purpose, medium, state, since, until: expiresAt },
    ...{ confirmedAt: consent.confirmedAt ?? null, wording: consent.wording ?? null },
    ...{ wordingVersion: consent.wordingVersion ?? null, source: cause?.source ?? null, eventId: cause?.id ?? null },
    ...{ proofSource: proof?.source ?? null, proofEventId: proof?.id ?? null },
  };
}

const isWanted = (row: ConsentRow, { 'consent-purpose': consentPurpose, medium, state }: ConsentsParams): boolean =>
  (consentPurpose === null || row.purpose === consentPurpose) &&
  (medium === null || row.medium === (medium === 'all' ? null : medium)) &&
  (state === null || row.state === state);

/** By customer, then as the fold has them: by purpose, and the row of every medium first. */
function isAfter(row: ConsentRow, after: readonly unknown[]): boolean {
  const [customerId = '', purpose = '', medium = ''] = after.map(String);
  if (row.customerId !== customerId) return true;
  return row.purpose === purpose ? (row.medium ?? '') > medium : row.purpose > purpose;
}

/** What the log says of the events that gave or withdrew them. */
async function causesOf(
  { log }: QueryContext,
  rows: readonly ConsentRow[],
): Promise<readonly { type: string | null; recordedAt: Instant | null; wording: string | null }[]> {
  const named = rows.flatMap(({ source, eventId: id }) => (source === null || id === null ? [] : [{ source, id }]));
  const found = named.length === 0 ? [] : await log.find(named);
  const known = found.filter((event) => event !== null);
  // Nothing is opened for it: a wording that is personal is not shown.
  const data = await eventData(known, { types: log, open: CLOSED, sealed: false });
  const events = new Map(
    known.map((event, at) => [`${event.source} ${event.id}`, { event, wording: data[at]?.data['wording'] }]),
  );
  return rows.map(({ source, eventId }) => {
    const found = events.get(`${source} ${eventId}`);
    if (found === undefined) return { type: null, recordedAt: null, wording: null };
    const { event, wording } = found;
    const { type, recordedAt } = event;
    return { type, recordedAt, wording: typeof wording === 'string' ? wording : null };
  });
}

const CLOSED = (items: readonly unknown[]): Promise<readonly null[]> => Promise.resolve(items.map(() => null));
