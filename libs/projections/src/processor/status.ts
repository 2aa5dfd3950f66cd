import type { Instant } from '#contracts';
import { instantText } from '#database';
import type { Counters } from '../read-models/read-model-store.js';
import { nextWake } from './clock.js';
import type { Processor } from './processor.js';
import type { Step } from './step-times.js';

export interface ProjectorStatus {
  /** The live version. */
  readonly version: number;
  readonly position: number;
  /** How far the head of the log is above the position, in `lagUnit`. 0: the whole log is indexed. */
  readonly lag: number;
  readonly lagUnit: 'events' | 'bytes';
  /** How much later the last event of the log was recorded than the last indexed one; 0 when all are indexed. */
  readonly lagMs: number;
  /** Customers to be folded again. */
  readonly dirty: number;
  /** Customers whose first event is still to come: nothing is behind because of them. */
  readonly waiting: number;
  readonly parked: number;
  /** Every deadline up to here is persisted; null before the projector caught up for the first time. */
  readonly clock: Instant | null;
  /** When the next deadline falls due. */
  readonly nextWake: Instant | null;
  readonly running: boolean;
  /** Why the last step failed; null when it did not. */
  readonly failure: string | null;
  readonly counters: Readonly<Counters>;
  /** Time spent on each step since the process began, in milliseconds. */
  readonly stepMs: Readonly<Record<Step, number>>;
}

/** Where the live read models stand, and what the processor does. */
export async function statusOf({ context, live, running, failure }: Processor): Promise<ProjectorStatus> {
  const { schema, version } = live;
  const [row] = await context.database.query<{
    position: number;
    recorded_at: Instant | null;
    clock: Instant | null;
    dirty: number;
    waiting: number;
    parked: number;
  }>(
    `SELECT position, recorded_at, clock, marks.*, (SELECT count(*)::int FROM ${schema}.parked) AS parked
       FROM ${schema}.checkpoint,
            (SELECT count(*) FILTER (WHERE due)::int AS dirty, count(*) FILTER (WHERE NOT due)::int AS waiting
               FROM (SELECT not_before IS NULL OR not_before <= $1::timestamptz AS due FROM ${schema}.dirty) d) marks`,
    [instantText(context.now())],
  );
  const head = await context.log.head();
  const position = row?.position ?? 0;
  return {
    version,
    position,
    lag: Math.max(0, head.position - position),
    lagUnit: context.log.counts ?? 'events',
    lagMs: head.position <= position ? 0 : Math.max(0, head.recordedAt - (row?.recorded_at ?? head.recordedAt)),
    dirty: row?.dirty ?? 0,
    waiting: row?.waiting ?? 0,
    parked: row?.parked ?? 0,
    clock: row?.clock ?? null,
    nextWake: await nextWake(live),
    running,
    failure,
    counters: { ...context.counters },
    stepMs: { ...context.times.ms },
  };
}
