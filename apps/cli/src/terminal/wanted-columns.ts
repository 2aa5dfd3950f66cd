/**
 * The columns that people look at first, by query: where a table is wider than the terminal these are kept, as far as there is room. Columns
 * that are not named follow in the order of the query.
 */
const WANTED: Readonly<Record<string, readonly string[]>> = {
  customers: [
    ...['customerId', 'stage', 'phase', 'revenue', 'currency', 'orders', 'identifier', 'lastPurchaseAt', 'enteredAt'],
    ...['nextDueKind', 'nextDueAt', 'cause', 'cycle'],
  ],
  accounts: [
    ...['accountId', 'reference', 'kind', 'stage', 'phase', 'members', 'orders', 'revenue', 'currency', 'enteredAt'],
    ...['nextDueKind', 'nextDueAt', 'source', 'cause'],
  ],
  'account-history': ['enteredAt', 'leftAt', 'stage', 'phase', 'cycle', 'rule'],
  'account-members': ['customerId', 'identifier', 'part', 'joinedAt', 'leftAt', 'stage', 'phase', 'orders'],
  rfm: ['customerId', 'identifier', 'frequency', 'recency', 'age', 'monetaryValue', 'currency'],
  orders: ['orderId', 'source', 'bookedAt', 'amount', 'net', 'currency', 'survives', 'reversedAt'],
  quarantine: ['quarantineId', 'status', 'source', 'eventId', 'code', 'pointer', 'detail', 'hint'],
  'segment-why': ['condition', 'actual', 'changesAt', 'member', 'customerId'],
  'segment-changes': ['customerId', 'segmentId', 'kind', 'at', 'cause', 'number', 'version'],
  'segment-members': ['customerId', 'identifier', 'enteredAt', 'stage', 'phase', 'orders', 'cause'],
  attributes: ['name', 'value', 'band', 'source', 'since', 'until', 'changesAt', 'kind', 'use'],
  'stage-periods': ['customerId', 'stage', 'phase', 'enteredAt', 'leftAt', 'cycle'],
  history: ['enteredAt', 'leftAt', 'stage', 'phase', 'cycle', 'cause'],
  timeline: ['occurredAt', 'type', 'channel', 'source', 'data'],
  outcomes: [
    'source',
    'day',
    'received',
    'accepted',
    'duplicate',
    'quarantined',
    'suppressed',
    'unaccounted',
    'reasons',
  ],
  completeness: ['source', 'day', 'file', 'state', 'sent', 'recorded', 'missing', 'byType', 'sums'],
  events: ['position', 'type', 'source', 'id', 'occurredAt', 'stream'],
};

/** The names of the columns of a query, the most wanted first. */
export function wantedFirst(query: string, names: readonly string[]): readonly string[] {
  const first = (WANTED[query] ?? []).filter((name) => names.includes(name));
  return [...first, ...names.filter((name) => !first.includes(name))];
}
