import type { Instant } from '#contracts';
import { instantText, type Transaction } from '#database';
import type { Epoch } from '../fitting/epoch.js';
import { markAccountsWherePublishedDiffers } from '../accounts/mark-accounts.js';
import { showLive } from '../bi/show-live.js';
import { markAllProfiles } from '../outbox/mark-profiles.js';
import { markWhereActionsDiffer } from '../outbox/publish-actions.js';
import { publishAllStageChanges } from '../outbox/publish-all-stage-changes.js';
import type { Processor } from '../processor/processor.js';
import type { ReadModelStore } from '../read-models/read-model-store.js';
import { publishWhereSegmentsDiffer } from '../outbox/publish-segment-changes.js';
import type { BuildProgress } from './build/build-run.js';
import { lockSchemas } from './schema-lock.js';
import type { Version } from './versions.js';

/**
 * Switches to a version that was built beside the live one: brings it up to date, makes it the live one in one transaction, and lets the
 * processor go on with it. Customers that differ from what was published are folded after the switch, and the differences published.
 */
export async function switchTo(
  processor: Processor,
  version: Version,
  copy: ReadModelStore,
  onProgress?: (progress: BuildProgress) => void,
): Promise<void> {
  const { database, now, logger, epoch } = processor.context;
  await processor.exclusively(async () => {
    await processor.steps.settle(copy);
    const begun = performance.now();
    const onStep = (done: number, total: number): void => {
      const rate = done / Math.max((performance.now() - begun) / 1_000, 1e-3);
      onProgress?.({ phase: 'switching', done, total, items: done, rate, secondsLeft: null });
    };
    await database.transaction((tx) => makeLive(tx, version, { now: now(), epoch }, onStep), { long: true });
    await processor.goLive(version);
    const { position } = processor;
    logger.info({ version: version.version, position }, 'Another version of the read models is live.');
    await processor.settle();
  });
}

/**
 * Makes a version the live one, in the caller's transaction: at its commit all readers change over. Customers whose stage changes differ from the
 * published ones are marked dirty, so that exactly the difference is published. `onStep` receives how many of how many steps
 * are done before each of them: with many customers they take minutes.
 */
async function makeLive(
  tx: Transaction,
  version: Version,
  { now, epoch }: { readonly now: Instant; readonly epoch: Epoch },
  onStep: (done: number, steps: number) => void,
): Promise<void> {
  await lockSchemas(tx);
  const [row] = await tx.query<{ status: string }>('SELECT status FROM perennial.versions WHERE version = $1', [
    version.version,
  ]);
  // Another process that built the same version was first.
  if (row?.status === 'live') return;
  const at = instantText(now);
  await tx.query("UPDATE perennial.versions SET status = 'old' WHERE status = 'live'");
  await tx.query("UPDATE perennial.versions SET status = 'live', switched_at = $2::timestamptz WHERE version = $1", [
    version.version,
    at,
  ]);
  await tx.query("SELECT set_config('search_path', $1, true)", [`${version.schema}, perennial`]);
  const steps = [
    // Where everything was published just now, nothing differs.
    async () => (await publishAllStageChanges(tx, now, epoch)) || (await markWherePublishedDiffers(tx, at)),
    () => markAccountsWherePublishedDiffers(tx, now),
    () => markWhereActionsDiffer(tx, now, epoch),
    () => publishWhereSegmentsDiffer(tx, now, epoch),
    () => markAllProfiles(tx, now),
    // Last, since it waits for current readers: the steps before hold no reader up.
    () => showLive(tx, version.schema),
  ];
  for (const [done, step] of steps.entries()) {
    onStep(done, steps.length);
    await step();
  }
}

/** Marks the customers dirty whose stage periods, in the version on the search path, differ from what stands published. */
async function markWherePublishedDiffers(tx: Transaction, at: string): Promise<void> {
  await tx.query(
    `WITH held AS (
       SELECT customer_id, 'entered' AS kind, cycle, stage, phase, entered_at, entered_at AS at FROM stage_periods
       UNION ALL SELECT customer_id, 'left', cycle, stage, phase, entered_at, left_at FROM stage_periods WHERE left_at IS NOT NULL),
     standing AS (
       SELECT customer_id, kind, cycle, stage, phase, entered_at, at FROM perennial.published
        WHERE NOT retracted AND kind <> 'retracted'),
     -- Each side holds a stage change once at most: one that is there only once differs.
     differ AS (
       SELECT DISTINCT customer_id FROM (
         SELECT customer_id FROM (SELECT * FROM held UNION ALL SELECT * FROM standing) b
          GROUP BY customer_id, kind, cycle, stage, phase, entered_at, at HAVING count(*) <> 2) d)
     INSERT INTO dirty (customer_id, position, pending, earliest_at, reason, since)
     SELECT customer_id, (SELECT position FROM checkpoint), 0, '-infinity', 'rebuild', $1::timestamptz
       FROM differ ORDER BY customer_id
     ON CONFLICT (customer_id) DO UPDATE SET reason = 'rebuild', earliest_at = '-infinity', not_before = NULL`,
    [at],
  );
}
