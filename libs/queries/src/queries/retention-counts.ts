import type { Instant } from '#contracts';
import { query } from '../running/query.js';
import { RetentionParams, withDueCustomers } from '../reading/retention.js';

interface Count extends Record<string, unknown> {
  readonly since: string;
  readonly after: string;
  readonly state: string;
  customers: number;
  firstDueAt: Instant;
  lastGraceEndsAt: Instant;
}

/** How many customers are due by each rule of retention. */
export const retentionCounts = query({
  name: 'retention-counts',
  summary: 'How many customers are to be erased by each rule of retention, or would be by other rules.',
  description:
    'The customers of `retention-preview`, counted by rule and state. With `rules` every customer is looked at, which takes a while where there are millions.',
  permission: 'erase',
  params: RetentionParams,
  time: 'none',
  days: true,
  paged: false,
  columns: [
    { name: 'since', type: 'text', description: 'from what the rule counts' },
    { name: 'after', type: 'text', description: 'the period of the rule' },
    { name: 'state', type: 'text', description: 'coming, grace or over' },
    { name: 'customers', type: 'integer', description: 'how many' },
    { name: 'firstDueAt', type: 'instant', description: 'the first beginning of grace' },
    { name: 'lastGraceEndsAt', type: 'instant', description: 'the last end of grace' },
  ],
  answer: (context, { params, timeZone }) =>
    withDueCustomers(context, params, { timeZone, after: null }, async (batches, models) => {
      const counts = new Map<string, Count>();
      for await (const batch of batches)
        for (const { state, retention } of batch) {
          const { since, after, dueAt, graceEndsAt } = retention;
          const key = [since, after, state].join(' ');
          const count = counts.get(key);
          if (count === undefined)
            counts.set(key, { since, after, state, customers: 1, firstDueAt: dueAt, lastGraceEndsAt: graceEndsAt });
          else {
            count.customers += 1;
            count.firstDueAt = Math.min(count.firstDueAt, dueAt);
            count.lastGraceEndsAt = Math.max(count.lastGraceEndsAt, graceEndsAt);
          }
        }
      const rows = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count);
      return { rows, next: null, position: models.position };
    }),
});
