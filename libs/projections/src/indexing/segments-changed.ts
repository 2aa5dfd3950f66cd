import type { Instant } from '#contracts';
import { arrayText, LOCKS, waitForLock, type Transaction } from '#database';
import type { RecordedEvent } from '#event-log';
import { historyEnds } from '../outbox/historical.js';
import { publishRemovals } from '../outbox/publish-segment-changes.js';
import type { ReadModelStore } from '../read-models/read-model-store.js';
import { loadSegments } from '../read-models/segments/known-segments.js';
import { markAllDirty } from './dirty.js';

/**
 * Segments were defined or removed, and their facts stand in the tables. All customers are marked dirty for a definition: from the beginning
 * where it asks about touchpoints that nothing asked about so far. The members of a removed segment leave it at once, and what only it asked
 * about is deleted.
 */
export async function segmentsChanged(
  tx: Transaction,
  facts: readonly RecordedEvent[],
  { from, position, now }: { readonly from: number; readonly position: number; readonly now: Instant },
  store: ReadModelStore,
): Promise<void> {
  const { context, version, isLive } = store;
  // A transaction that folds by the segments of before must not write after this one.
  if (context.database.kind === 'postgres') await tx.query(`SELECT ${waitForLock(LOCKS.folding(version))}`);
  const before = await loadSegments(tx, from);
  const after = await loadSegments(tx);
  const asked = new Set(after.patterns.map(({ hash }) => hash));
  const dropped = before.patterns.map(({ hash }) => hash).filter((hash) => !asked.has(hash));
  if (dropped.length > 0)
    await tx.query('DELETE FROM segment_events WHERE pattern = ANY($1::text[])', [arrayText(dropped)]);
  const removed = [...before.versions.keys()].filter((id) => !after.versions.has(id));
  if (removed.length > 0) {
    if (isLive)
      await publishRemovals(tx, removed, { position, now, historical: now < historyEnds(now, context.epoch) });
    await tx.query('DELETE FROM segment_members WHERE segment_id = ANY($1::text[])', [arrayText(removed)]);
  }
  if (!facts.some(({ type }) => type === 'segment-defined')) return;
  const known = new Set(before.patterns.map(({ hash }) => hash));
  const fresh = [...asked].some((hash) => !known.has(hash));
  await markAllDirty(tx, 'segment-defined', position, now, fresh);
}
