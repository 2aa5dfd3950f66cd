import { setTimeout as sleep } from 'node:timers/promises';
import type { RebuildOptions } from '../versions/build-beside.js';
import type { Processor } from './processor.js';

const POLL_MS = 200;

/** What a policy that was published made of the customers. */
export interface Refolded {
  readonly position: number;
  /** How many customers were still to be folded when this was first seen. */
  readonly customers: number;
}

/**
 * Waits until each customer is folded under the policies that are published now, and the days are counted in their zones. The processor does
 * both in any case: an end of the waiting ends nothing else.
 */
export async function refold(processor: Processor, { onProgress, signal }: RebuildOptions = {}): Promise<Refolded> {
  const { context } = processor;
  const { position: upTo } = await context.log.head();
  const begun = performance.now();
  let total = 0;
  for (;;) {
    signal?.throwIfAborted();
    await processor.refresh();
    const { schema } = processor.live;
    const [row] = await context.database.query<{ position: number; waiting: number; counting: boolean }>(
      `SELECT (SELECT position FROM ${schema}.checkpoint) AS position,
              (SELECT count(*)::int FROM ${schema}.dirty WHERE reason IN ('policy-changed', 'policy-restated')) AS waiting,
              EXISTS (SELECT FROM ${schema}.day_zones WHERE counted_to IS NOT NULL) AS counting`,
    );
    const { position = 0, waiting = 0, counting = false } = row ?? {};
    total = Math.max(total, waiting);
    if (position >= upTo && waiting === 0 && !counting) return { position, customers: total };
    const done = total - waiting;
    const rate = done / Math.max((performance.now() - begun) / 1_000, 1e-3);
    const secondsLeft = rate > 0 ? waiting / rate : null;
    onProgress?.({ phase: 'customers', done, total, items: done, rate, secondsLeft });
    await sleep(POLL_MS);
  }
}
