import { Describe, OneOf, Optional, STREAMS, type Instant } from '#contracts';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';

class HoldsParams {
  @Optional() @OneOf('active', 'lifted') @Describe('only those of this status') status!: string | null;
}

interface RecordedHold {
  readonly holdId: string;
  readonly case: string;
  readonly customerId: string | null;
  readonly subjects: number;
  readonly position: number;
  readonly placedAt: Instant;
  readonly placedBy: string | null;
  liftedAt: Instant | null;
  liftedBy: string | null;
}

/** Legal holds: for auditors. */
export const holds = query({
  name: 'holds',
  summary: 'Whose data were or are kept for a case: who placed each legal hold, and who lifted it.',
  description:
    'From the log, in its order. The reasons are sealed and stay so. docs/retention.md explains legal holds.',
  permission: 'audit',
  params: HoldsParams,
  time: 'none',
  paged: true,
  columns: [
    { name: 'holdId', type: 'text', description: 'lift it by this id' },
    { name: 'case', type: 'text', description: 'the reference of the case' },
    { name: 'status', type: 'text', description: 'active or lifted' },
    {
      name: 'customerId',
      type: 'text',
      nullable: true,
      description: 'the customer, where they were known by this id when the hold began',
    },
    { name: 'subjects', type: 'integer', description: 'how many subjects it names' },
    { name: 'position', type: 'integer', description: 'its place in the log' },
    { name: 'placedAt', type: 'instant', description: 'when it began' },
    { name: 'placedBy', type: 'text', nullable: true, description: 'who placed it' },
    { name: 'liftedAt', type: 'instant', nullable: true, description: 'when it was lifted' },
    { name: 'liftedBy', type: 'text', nullable: true, description: 'who lifted it' },
  ],
  async answer({ log }, { params, after, limit }) {
    const head = await log.head();
    const found = new Map<string, RecordedHold>();
    for await (const page of log.read(STREAMS.privacy, 0, { upTo: head.position }))
      for (const { type, data: text, meta, occurredAt, position } of page) {
        if (type !== 'hold-placed' && type !== 'hold-lifted') continue;
        const { by = null } = JSON.parse(meta) as { readonly by?: string };
        const data = JSON.parse(text) as Pick<RecordedHold, 'holdId' | 'case' | 'customerId'> & {
          readonly subjectIds: readonly string[];
        };
        const known = found.get(data.holdId);
        if (type === 'hold-lifted' && known !== undefined) Object.assign(known, { liftedAt: occurredAt, liftedBy: by });
        if (type === 'hold-placed')
          found.set(data.holdId, {
            ...{ holdId: data.holdId, case: data.case, customerId: data.customerId, subjects: data.subjectIds.length },
            ...{ position, placedAt: occurredAt, placedBy: by, liftedAt: null, liftedBy: null },
          });
      }
    const last = after === null ? -1 : Number(after[0]);
    const rows = [...found.values()]
      .map((hold) => ({ ...hold, status: hold.liftedAt === null ? 'active' : 'lifted' }))
      .filter(({ status, position }) => position > last && (params.status === null || params.status === status));
    return { ...pageOf(rows.slice(0, limit + 1), limit, ({ position }) => [position]), position: head.position };
  },
});
