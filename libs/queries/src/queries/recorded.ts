import { NoParams } from '../running/params.js';
import { subjectOfStream } from '#contracts';
import type { RecordedEvent } from '#event-log';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';
import { asRecorded, RECORDED_COLUMNS, RECORDED_OPENS } from '../reading/recorded.js';

/** For the auditor: all customers' touchpoints exactly as they were recorded, in one pass over the log. */
export const recorded = query({
  name: 'recorded',
  summary: "All customers' touchpoints exactly as they were recorded, in the order of the log.",
  description:
    'What `events` gives for one customer, for all of them: what the log holds, unchanged, personal fields sealed; text that an older program stored in the clear, for a purpose alone. Read from the log from front to back, so that memory holds one page; what the engine writes itself (receipts, quarantined events, policies) is left out.',
  permission: 'audit',
  params: NoParams,
  time: 'as-of and known-at',
  paged: true,
  opens: RECORDED_OPENS,
  columns: RECORDED_COLUMNS,
  async answer(context, { asOf, knownAt, position: bound, after, limit }) {
    const { log } = context;
    const position = bound ?? (knownAt === null ? (await log.head()).position : await log.positionAt(knownAt));
    const from = after === null ? 0 : Number(after[0]);
    const found: RecordedEvent[] = [];
    for await (const page of log.readAll(from, { pageSize: limit + 1, upTo: position })) {
      for (const event of page)
        if (event.occurredAt <= asOf && subjectOfStream(event.stream) !== null) found.push(event);
      if (found.length > limit) break;
    }
    const { rows, next } = pageOf(found, limit, (last) => [last.position]);
    return { rows: await asRecorded(context, rows), next, position };
  },
});
