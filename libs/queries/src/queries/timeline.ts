import { STREAMS, touchpointType, upcast, type TouchpointMeta, Describe, Optional, Text } from '#contracts';
import type { RecordedEvent } from '#event-log';
import { comparePlaces } from '#lifecycle';
import { query, type QueryContext } from '../running/query.js';
import { decisionsAbout, decisionsOnRecord } from '../reading/decisions.js';
import { eventData } from '../reading/event-data.js';
import { knownCustomer, lifecycleEventOf } from '../reading/life.js';
import { pageInOrder } from '../reading/pages-in-order.js';
import { OneCustomer, unknown } from '../reading/who.js';

class TimelineParams extends OneCustomer {
  @Optional() @Text(128) @Describe('only touchpoints of this type') type!: string | null;
}

/** One customer's touchpoints in the order in which they happened, read from the log. */
export const timeline = query({
  name: 'timeline',
  summary: "One customer's touchpoints, in the order in which they happened.",
  description:
    'Read from the log. What operators decided about who the customer is stands among them (customers-merged, customers-unmerged, …). data holds personal fields if a purpose is stated that is granted; they are absent otherwise, and for every caller once the person was erased. A caller that is limited to brands sees the touchpoints of these brands alone.',
  permission: 'read',
  params: TimelineParams,
  time: 'as-of and known-at',
  narrows: 'brand',
  paged: true,
  opens: ['data', 'beside'],
  columns: [
    { name: 'occurredAt', type: 'instant', description: 'when it happened' },
    { name: 'type', type: 'text', description: 'what it was' },
    { name: 'group', type: 'text', nullable: true, description: 'its group in the catalogue; null for a custom type' },
    { name: 'channel', type: 'text', nullable: true, description: 'through which channel; null for a decision' },
    { name: 'source', type: 'text', description: 'the source that sent it' },
    {
      name: 'brand',
      type: 'text',
      nullable: true,
      description: 'the brand that it concerns, as the event or its source says',
    },
    { name: 'id', type: 'text', description: 'the id by which the source names it' },
    {
      name: 'subjectId',
      type: 'text',
      nullable: true,
      description: 'the subject in whose stream it is; null for a decision',
    },
    { name: 'recordedAt', type: 'instant', description: 'when the log took it' },
    { name: 'position', type: 'integer', description: 'its place in the log' },
    {
      name: 'by',
      type: 'text',
      nullable: true,
      description: 'what brought it: key:…, local or kafka; null where that was not kept',
    },
    { name: 'test', type: 'boolean', description: 'test or internal traffic: left out of every figure' },
    { name: 'data', type: 'json', description: 'its data, in the newest version of its type' },
    {
      name: 'beside',
      type: 'json',
      nullable: true,
      description:
        'what came with it and is no field of its data, if a purpose is granted: other fields of its envelope ($envelope), placeholders among its identifiers ($placeholders), key and headers of its message ($provenance)',
    },
    {
      name: 'expired',
      type: 'json',
      nullable: true,
      description:
        'classes of personal fields ({"personalClass","year"}) that are absent from data since the time for which the policy keeps them is over, if a purpose is granted; null where there are none',
    },
  ],
  async answer(context, { params, asOf, knownAt, position: bound, brands, after, limit }) {
    const { subjectIds, position } = await knownCustomer(context, params, { knownAt, position: bound });
    const { type } = params;
    const { decisions } = await decisionsOnRecord(context.log);
    const decided = new Set(decisionsAbout(decisions, subjectIds).map(({ decisionId }) => decisionId));
    const isTheirs = (event: RecordedEvent): boolean =>
      event.stream !== STREAMS.identity || (brands.isOpen && decided.has(decisionIdOf(event)));
    const wanted = (event: RecordedEvent): boolean =>
      isTheirs(event) &&
      (type === null || event.type === type) &&
      (brands.isOpen || event.stream === STREAMS.identity || brands.allows(brandOf(event)));
    const streams = [...subjectIds.map(STREAMS.subject), ...(decided.size === 0 ? [] : [STREAMS.identity])];
    const { events, next } = await pageInOrder(
      context.log,
      streams,
      {
        keyOf: (event) => event.occurredAt,
        compare: comparePlaces,
        strict: false,
        until: asOf,
        ...(type === null && brands.isOpen && decided.size === 0 ? {} : { wanted }),
      },
      { after, upTo: position, limit },
    );
    // To a caller that is limited to brands, a customer who has nothing of them is not known.
    if (after === null && events.length === 0 && next === null && brands.isLimited) throw unknown(params);
    return { rows: await withData(context, events), next, position };
  },
});

const decisionIdOf = ({ data }: RecordedEvent): string =>
  (JSON.parse(data) as { readonly decisionId: string }).decisionId;

const brandOf = ({ meta }: RecordedEvent): string | null => (JSON.parse(meta) as TouchpointMeta).brand ?? null;

async function withData(context: QueryContext, page: readonly RecordedEvent[]): Promise<Record<string, unknown>[]> {
  const { log, personalData } = context;
  const touchpoints = page.filter(({ stream }) => stream !== STREAMS.identity);
  const shown = await eventData(touchpoints, { types: log, open: (items) => personalData.open(items), sealed: true });
  let index = -1;
  return page.map((recorded) => {
    if (recorded.stream === STREAMS.identity) return decisionRow(recorded);
    index += 1;
    const { data = {}, beside = {}, expired = [] } = shown[index] ?? {};
    const meta = JSON.parse(recorded.meta) as TouchpointMeta;
    return {
      ...lifecycleEventOf(recorded),
      brand: meta.brand ?? null,
      by: meta.by ?? null,
      group: touchpointType(recorded.type)?.group ?? null,
      data: upcast(recorded.type, recorded.schemaVersion, data),
      beside: Object.keys(beside).length === 0 ? null : beside,
      expired: expired.length === 0 ? null : expired,
    };
  });
}

/** A decision of an operator. Its reason stays sealed: the query `identity-decisions` shows it. */
function decisionRow({ occurredAt, type, source, id, recordedAt, position, meta, data }: RecordedEvent) {
  const { sealed: _, ...decided } = JSON.parse(data) as Readonly<Record<string, unknown>>;
  const { by = null } = JSON.parse(meta) as { readonly by?: string };
  return {
    ...{ occurredAt, type, group: null, channel: null, source, brand: null, id, subjectId: null, recordedAt, position },
    ...{ by, test: false, data: decided, beside: null, expired: null },
  };
}
