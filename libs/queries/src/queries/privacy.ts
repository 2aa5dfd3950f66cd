import { NoParams } from '../running/params.js';
import { STREAMS, upcast, type Data } from '#contracts';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';

interface PrivacyAct {
  readonly revision: number;
  readonly position: number;
  readonly recordedAt: number;
  readonly what: string;
  readonly by: string | null;
  readonly subjects: number | null;
  readonly customerId: string | null;
  readonly detail: Data;
}

/** What was done to what opens personal data: for auditors. */
export const privacy = query({
  name: 'privacy',
  summary:
    'Who was erased, whose data a legal hold keeps, under which hash key subjects have their names, and when that key was changed.',
  description:
    'From the log, in its order. A hash key is named by its check value, which does not reveal it. Entries before a hash-key-changed were moved from a log under the former key.',
  permission: 'audit',
  params: NoParams,
  time: 'none',
  paged: true,
  columns: [
    { name: 'position', type: 'integer', description: 'its place in the log' },
    { name: 'recordedAt', type: 'instant', description: 'when the log took it' },
    {
      name: 'what',
      type: 'text',
      description:
        'person-erased, erasure-requested, hold-placed, hold-lifted, restriction-placed, restriction-lifted, personal-fields-expired, hash-key-adopted or hash-key-changed',
    },
    {
      name: 'by',
      type: 'text',
      nullable: true,
      description: 'who did it, or is responsible for it; null where no one is named',
    },
    { name: 'subjects', type: 'integer', nullable: true, description: 'how many subjects it concerned' },
    {
      name: 'customerId',
      type: 'text',
      nullable: true,
      description: 'who was forgotten, where they were known by this id',
    },
    { name: 'detail', type: 'json', description: 'all that is on record of it' },
  ],
  async answer({ log }, { after, limit }) {
    const head = await log.head();
    const acts: PrivacyAct[] = [];
    const from = after === null ? 0 : Number(after[0]) + 1;
    for await (const page of log.read(STREAMS.privacy, from, { pageSize: limit + 1, upTo: head.position })) {
      for (const { revision, position, recordedAt, type, schemaVersion, meta, data } of page) {
        const detail = upcast(type, schemaVersion, JSON.parse(data) as Data);
        const { by = detail['by'] ?? null } = JSON.parse(meta) as { readonly by?: string };
        const {
          subjectIds,
          subjects = null,
          customerId = null,
        } = detail as Partial<PrivacyAct> & {
          readonly subjectIds?: readonly string[];
        };
        acts.push({
          ...{ revision, position, recordedAt, what: type, by: by as string | null },
          ...{ subjects: subjectIds?.length ?? subjects, customerId, detail },
        });
      }
      if (acts.length > limit) break;
    }
    const { rows, next } = pageOf(acts, limit, ({ revision }) => [revision]);
    return { rows: rows.map(({ revision: _, ...row }) => row), next, position: head.position };
  },
});
