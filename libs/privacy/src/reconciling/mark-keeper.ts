import type { EventLog } from '#event-log';
import type { KeyStoreFacts } from '#keys';
import { Loop, type Logger } from '#platform';
import { recordMark } from './reconcile-keys.js';

const EVERY_MS = 10_000;

/**
 * Records in the key store, every ten seconds and at the stop, how far the log has come. A store outside the log then knows that it was at least so
 * long, whatever becomes of its file.
 */
export class MarkKeeper {
  private readonly loop: Loop;

  constructor(
    private readonly log: EventLog,
    private readonly keys: KeyStoreFacts,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {
    this.loop = new Loop(
      async () => {
        await recordMark(log, keys);
        return EVERY_MS;
      },
      { backoff: { firstMs: EVERY_MS, maxMs: EVERY_MS }, keepsProcessAlive: false },
    );
  }

  start(): void {
    this.loop.start();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
    // A log or a key store that cannot be reached has the mark of ten seconds ago.
    await recordMark(this.log, this.keys).catch((error: unknown) =>
      this.logger.warn({ err: error }, 'the length of the event log was not recorded in the key store'),
    );
  }
}
