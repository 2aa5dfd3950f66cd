import { tmpdir } from 'node:os';
import { STREAMS, streamOfFact, type Instant } from '#contracts';
import type { Database } from '#database';
import type { AppendItem, EventLog, RecordedEvent } from '#event-log';
import { BUILT_IN_POLICIES, type Condition, type Policy } from '#lifecycle';
import { SNAPSHOT_EVERY } from '../folding/fold-one.js';
import { foldBatch, type FoldBatch } from '../folding/fold-batch.js';
import { indexBatch, readTurn, selectTurn } from '../indexing/index-batch.js';
import { FIRST_EPOCH } from '../fitting/epoch.js';
import { SILENT } from '../processor/projector-logger.js';
import { StepTimes } from '../processor/step-times.js';
import { ReadModelStore } from '../read-models/read-model-store.js';
import { migrate } from '../versions/migrate.js';
import { findOrCreateLive } from '../versions/versions.js';
import { touchpoint } from './touchpoints.js';

/** The store of the live version of a database, which is created if there is none. */
export async function liveStore(
  database: Database,
  log: EventLog,
  now: () => Instant,
  { snapshotEvery = SNAPSHOT_EVERY }: { readonly snapshotEvery?: number } = {},
): Promise<ReadModelStore> {
  await migrate(database);
  const { schema, version } = await findOrCreateLive(database, now());
  const counters = { events: 0, folded: 0, accounts: 0, published: 0, parked: 0, transitionsDue: 0, vacuumed: 0 };
  const context = {
    database,
    log,
    now,
    counters,
    snapshotEvery,
    temporaryFolder: tmpdir(),
    open: null,
    ids: null,
    logger: SILENT,
    times: new StepTimes(),
    epoch: FIRST_EPOCH,
  };
  return new ReadModelStore(context, schema, version, true);
}

/** Indexes events as one batch that begins after a position, in a transaction of its own. */
export function index(
  store: ReadModelStore,
  events: readonly RecordedEvent[],
  after = 0,
  foldNow = true,
): Promise<number> {
  return store.transaction((tx, turn) => indexBatch(tx, { events, after, foldNow, ...readTurn(turn) }, store), {
    byKeys: true,
    first: selectTurn(store),
  });
}

/** Folds one batch of dirty customers, in a transaction of its own; returns how many. */
export function fold(store: ReadModelStore, batch: Partial<FoldBatch> = {}): Promise<number> {
  return store.transaction((tx) => foldBatch(tx, { limit: 100, all: true, only: null, ...batch }, store), {
    byKeys: true,
  });
}

/** All events of a log above a position. */
export async function eventsAfter(log: EventLog, after = 0): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const page of log.readAll(after)) events.push(...page);
  return events;
}

let counter = 0;

/** A published policy: the built-in `retail` with some changes. */
export function policyPublished(
  version: string,
  changes: Partial<Policy>,
  at: Instant,
  effectiveFrom: Instant | null = null,
): AppendItem {
  const { event } = touchpoint({
    who: { userId: 'operator' },
    at,
    type: 'policy-published',
    id: `policy-${++counter}`,
    data: {
      version,
      policy: { ...BUILT_IN_POLICIES.retail, ...changes },
      effectiveFrom: effectiveFrom === null ? null : new Date(effectiveFrom).toISOString(),
    },
  });
  return { stream: streamOfFact('policy-published'), event };
}

/** A policy that counts from an instant of the past: null for the beginning of time. */
export function policyRestated(
  version: string,
  changes: Partial<Policy>,
  at: Instant,
  effectiveFrom: Instant | null = null,
): AppendItem {
  const { stream, event } = policyPublished(version, changes, at, effectiveFrom);
  const data = { ...(JSON.parse(event.data) as object), restates: true, reason: 'as it always was' };
  return { stream, event: { ...event, schemaVersion: 2, data: JSON.stringify(data) } };
}

/** A touchpoint of one subject whose metadata lack the identifiers: the indexer cannot read it. */
export function unreadable(subjectId: string, at: Instant, id: string): AppendItem {
  const { event } = touchpoint({ who: { userId: 'broken' }, at, type: 'site-visited', id });
  return {
    stream: STREAMS.subject(subjectId),
    event: { ...event, meta: JSON.stringify({ channel: 'shop', receivedAt: at }) },
  };
}

/** A segment that is defined: the conditions under an id, as its next version. */
export function segmentDefined(id: string, when: Condition, at: Instant, version = 1): AppendItem {
  const data = { segmentId: id, version, definition: { id, name: id, when } };
  return segmentFact('segment-defined', `${id}@${version}`, data, at);
}

/** A segment that is removed. */
export function segmentRemoved(id: string, at: Instant, version = 1): AppendItem {
  return segmentFact('segment-removed', `${id}@${version}/removed`, { segmentId: id, version }, at);
}

function segmentFact(
  type: 'segment-defined' | 'segment-removed',
  id: string,
  data: Record<string, unknown>,
  at: Instant,
) {
  const { event } = touchpoint({ who: { userId: 'operator' }, at, type, id, data });
  return { stream: streamOfFact(type), event };
}
