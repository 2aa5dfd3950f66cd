import type { Instant } from '#contracts';
import { instantText, type Database } from '#database';
import { inReadModels } from './read-models.js';

/** How long an answer waits for the read models, and how often it looks. */
const WAIT_MS_MAX = 10_000;
const POLL_MS = 20;

/** Thrown where the read models are not as far as the caller asked, even after waiting. */
export class ReadModelsBehind extends Error {
  constructor(position: number, reached: number) {
    super(
      `The read models stand at position ${reached} of the log and have not come to ${position} in ${WAIT_MS_MAX / 1000} seconds. Ask again, or ask without after-position.`,
    );
    this.name = 'ReadModelsBehind';
  }
}

/**
 * Waits until the read models hold the event at a position: until they have read it, and every customer and account that was to be
 * folded again by then has been. So a client reads what it wrote.
 * @throws ReadModelsBehind
 */
export async function waitForPosition(
  database: Database,
  position: number,
  { now }: { readonly now: () => Instant },
): Promise<void> {
  const begun = performance.now();
  let readAt: Instant | null = null;
  for (;;) {
    const state = await inReadModels(database, async (models) => {
      const [open] =
        models.position < position
          ? []
          : await models.query<{ dirty: boolean }>(
              `SELECT EXISTS (SELECT FROM dirty WHERE since <= $1::timestamptz AND (not_before IS NULL OR not_before <= $1::timestamptz))
                   OR EXISTS (SELECT FROM dirty_accounts WHERE since <= $1::timestamptz AND (not_before IS NULL OR not_before <= $1::timestamptz)) AS dirty`,
              [instantText((readAt ??= now()))],
            );
      return { reached: models.position, done: open?.dirty === false };
    });
    if (state.done) return;
    if (performance.now() - begun > WAIT_MS_MAX) throw new ReadModelsBehind(position, state.reached);
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
}
