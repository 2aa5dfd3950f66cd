import {
  DAY,
  Describe,
  formatInstant,
  Optional,
  STREAMS,
  streamOfFact,
  Text,
  upcast,
  type Data,
  type Instant,
} from '#contracts';
import { InstantOrDay } from '../running/instant-or-day.js';
import { pageOf } from '../running/page.js';
import { query, type QueryContext } from '../running/query.js';

/** By default the acts of so many days; of more than a year none are searched for. */
const DAYS_BY_DEFAULT = 30;
const DAYS_MAX = 366;
const DAY_LENGTH = 10;

class ActsParams {
  @Optional()
  @InstantOrDay()
  @Describe(`acts recorded at this instant or later; ${DAYS_BY_DEFAULT} days before the end by default`)
  from!: Instant | null;
  @Optional() @InstantOrDay() @Describe('acts recorded before this instant; now by default') to!: Instant | null;
  @Optional() @Text(512) @Describe('only what this principal did: key:5f0c3a9b1d2e, local') by!: string | null;
  @Optional() @Text(64) @Describe('only acts of this kind, such as key-created') kind!: string | null;
}

type RecordedAct = {
  readonly position: number;
  readonly recordedAt: Instant;
  readonly kind: string;
  readonly by: string | null;
  readonly detail: Data;
};

/** Streams that hold acts of all times; what is done about access stands in a stream for each day. */
const STREAMS_OF_ACTS = [
  streamOfFact('policy-published'),
  streamOfFact('type-registered'),
  streamOfFact('attribute-defined'),
  streamOfFact('segment-defined'),
  ...[STREAMS.sources, STREAMS.webhooks, STREAMS.privacy, STREAMS.dataSubjects, STREAMS.approvals, STREAMS.settings],
];

/** Who did what to the engine: for auditors. */
export const acts = query({
  name: 'acts',
  summary:
    'Who did what to the engine, and when: acts that two principals decide, keys, blocks, policies, types, attributes, segments, sources, webhooks, erasures, requests of data subjects, rebuilds.',
  description:
    'From the log, in its order. Sealed values are left out. `sign-in-rejected` sums up, for an hour at most, which keys came with wrong secrets, and which people were not let in. A period is a year at most.',
  permission: 'audit',
  params: ActsParams,
  time: 'none',
  days: true,
  paged: true,
  columns: [
    { name: 'position', type: 'integer', description: 'its place in the log' },
    { name: 'recordedAt', type: 'instant', description: 'when the log recorded it' },
    { name: 'kind', type: 'text', description: 'key-created, policy-published, person-erased, …' },
    {
      name: 'by',
      type: 'text',
      nullable: true,
      description: 'who did it: key: and the id of a key, or local; null where an earlier release recorded no one',
    },
    { name: 'detail', type: 'json', description: 'what is on record of it; never a secret' },
  ],
  async answer(context, { params, after, limit }) {
    const to = params.to ?? context.clock.now() + 1;
    const from = Math.max(params.from ?? to - DAYS_BY_DEFAULT * DAY, to - DAYS_MAX * DAY);
    const head = await context.log.head();
    const found: RecordedAct[] = [];
    for (const stream of [...STREAMS_OF_ACTS, ...daysOf(from, to).map((day) => STREAMS.access(day))])
      for await (const act of actsIn(context, stream, head.position))
        if (act.recordedAt >= from && act.recordedAt < to && isWanted(act, params)) found.push(act);
    const last = after === null ? -1 : Number(after[0]);
    const rows = found.filter(({ position }) => position > last).sort((a, b) => a.position - b.position);
    return {
      ...pageOf(rows.slice(0, limit + 1), limit, ({ position }) => [position]),
      position: head.position,
    };
  },
});

const isWanted = (act: RecordedAct, { by, kind }: ActsParams): boolean =>
  (by === null || act.by === by) && (kind === null || act.kind === kind);

/** The UTC days that the period touches, and the day before: a stream is named by the clock of the process that wrote it. */
function daysOf(from: Instant, to: Instant): readonly string[] {
  const days: string[] = [];
  for (let at = from - DAY; at < to + DAY; at += DAY) days.push(formatInstant(at).slice(0, DAY_LENGTH));
  return days;
}

async function* actsIn({ log }: QueryContext, stream: string, upTo: number): AsyncGenerator<RecordedAct> {
  for await (const page of log.read(stream, 0, { upTo }))
    for (const { position, recordedAt, type, schemaVersion, meta, data } of page) {
      // Who opened personal data is the query `openings`.
      if (type === 'personal-data-opened') continue;
      const { sealed: _, ...detail } = upcast(type, schemaVersion, JSON.parse(data) as Data) as Data & {
        sealed?: string;
      };
      const { by = detail['by'] ?? null } = JSON.parse(meta) as { readonly by?: string };
      yield { position, recordedAt, kind: type, by: by as string | null, detail };
    }
}
