import { NoParams } from '../running/params.js';
import { query } from '../running/query.js';
import { policiesKnown, policiesOnRecord } from '../reading/policies.js';

/** Which rules held when: the policies as they were published. */
export const policies = query({
  name: 'policies',
  summary: 'The policies as they were published, and since when each has been in force.',
  description: 'The first one published is in force from the beginning of time: its inForceFrom is null.',
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
      description: 'from when it does hold: never from before it was published; null: from the beginning of time',
    },
    { name: 'policy', type: 'json', description: 'the document' },
  ],
  async answer(context, { after, limit }) {
    const [onRecord, { eras }, head] = await Promise.all([
      policiesOnRecord(context.log),
      policiesKnown(context.log, null),
      context.log.head(),
    ]);
    const from = after === null ? 0 : Number(after[0]) + 1;
    return {
      rows: onRecord.slice(from, from + limit).map(({ version, position, recordedAt, statedFrom, policy }) => {
        const era = eras.find((each) => each.policy === policy);
        const inForceFrom = era === undefined || !Number.isFinite(era.from) ? null : era.from;
        return { version, position, recordedAt, effectiveFrom: statedFrom, inForceFrom, policy };
      }),
      next: from + limit < onRecord.length ? [from + limit - 1] : null,
      position: head.position,
    };
  },
});
