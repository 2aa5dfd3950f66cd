import { LOCKS, tryLock } from '#database';
import { subjectOfStream } from '#contracts';
import type { RecordedEvent } from '#event-log';
import { fillFrom, readFilling, selectFilling } from '../read-models/attributes/projection.js';
import type { ReadModelStore } from '../read-models/read-model-store.js';

/** So many events are read at once, for attributes that were defined after them. */
const EVENTS_AT_ONCE = 1_000;

/**
 * Takes what the next page of the log says about attributes that were defined after it; returns whether there was something to do. Nothing is indexed in the
 * meantime, so an erasure comes before it or after it.
 */
export async function fillAttributes(store: ReadModelStore): Promise<boolean> {
  const { context, schema, version } = store;
  // Nearly always nothing is to do: that is seen without a lock.
  const seen = readFilling(await context.database.query(selectFilling(`${schema}.`)));
  if (seen === null) return false;
  const events = await pageAfter(store, seen.after, seen.upTo);
  return store.transaction(async (tx) => {
    const [turn] = await tx.query(
      `SELECT position FROM checkpoint WHERE (SELECT ${tryLock(LOCKS.indexing(version))}) FOR UPDATE`,
    );
    if (turn === undefined) return false;
    const filling = readFilling(await tx.query(selectFilling('')));
    // Another process filled, or another definition came in the meantime.
    if (filling === null || filling.after !== seen.after || filling.upTo !== seen.upTo) return true;
    const last = events.at(-1)?.position;
    const filledTo = last === undefined || events.length < EVENTS_AT_ONCE ? filling.upTo : last;
    const touchpoints = events.filter(({ stream }) => subjectOfStream(stream) !== null);
    await fillFrom(tx, filling, touchpoints, filledTo, context.open);
    return true;
  });
}

async function pageAfter(
  { context: { log, times } }: ReadModelStore,
  after: number,
  upTo: number,
): Promise<readonly RecordedEvent[]> {
  return times.of('read', async () => {
    for await (const events of log.readAll(after, { pageSize: EVENTS_AT_ONCE, upTo })) return events;
    return [];
  });
}
