import type { Instant } from '#contracts';
import type { PolicyEra } from '#lifecycle';
import { NoParams } from '../running/params.js';
import { query } from '../running/query.js';
import { policiesKnown, policiesOnRecord } from '../reading/policies.js';

/** Which rules held when: the policies as they were published. */
export const policies = query({
  name: 'policies',
  summary: 'The policies as they were published, and since when each has been in force.',
  description:
    'The first one published is in force from the beginning of time: its inForceFrom is null. One that restates the past is in force from before its publication.',
  permission: 'read',
  params: NoParams,
  time: 'none',
  paged: true,
  columns: [
    { name: 'version', type: 'text', description: 'name@version' },
    { name: 'position', type: 'integer', description: 'its place in the log' },
    { name: 'recordedAt', type: 'instant', description: 'when it was published' },
    {
      name: 'effectiveFrom',
      type: 'instant',
      nullable: true,
      description: 'from when it was to hold, as it was published',
    },
    {
      name: 'inForceFrom',
      type: 'instant',
      nullable: true,
      description: 'from when it does hold; null for the beginning of time, and for one that was replaced: see status',
    },
    {
      name: 'inForceUntil',
      type: 'instant',
      nullable: true,
      description: 'when the next one takes its place; null where none does, and for one that was replaced',
    },
    {
      name: 'status',
      type: 'text',
      description: 'in force, to come, past, or replaced: then a later version counts for all of its time',
    },
    { name: 'restates', type: 'boolean', description: 'whether it counts from before its publication' },
    { name: 'reason', type: 'text', nullable: true, description: 'why the past was restated' },
    { name: 'policy', type: 'json', description: 'the document' },
  ],
  async answer(context, { after, limit }) {
    const [onRecord, { eras }, head] = await Promise.all([
      policiesOnRecord(context.log),
      policiesKnown(context.log, null),
      context.log.head(),
    ]);
    const from = after === null ? 0 : Number(after[0]) + 1;
    const now = context.clock.now();
    return {
      rows: onRecord.slice(from, from + limit).map(({ version, position, recordedAt, statedFrom, ...one }) => {
        const index = eras.findIndex((era) => era.policy === one.policy);
        const inForce = inForceAt(eras, index, now);
        const { policy, restates, reason } = one;
        return { version, position, recordedAt, effectiveFrom: statedFrom, ...inForce, restates, reason, policy };
      }),
      next: from + limit < onRecord.length ? [from + limit - 1] : null,
      position: head.position,
    };
  },
});

/** When an era holds: from when, until when, and what that makes it now. */
function inForceAt(
  eras: readonly PolicyEra[],
  index: number,
  now: Instant,
): { readonly inForceFrom: Instant | null; readonly inForceUntil: Instant | null; readonly status: string } {
  const era = eras[index];
  if (era === undefined) return { inForceFrom: null, inForceUntil: null, status: 'replaced' };
  const until = eras[index + 1]?.from ?? null;
  const status = era.from > now ? 'to come' : until === null || until > now ? 'in force' : 'past';
  return { inForceFrom: Number.isFinite(era.from) ? era.from : null, inForceUntil: until, status };
}
