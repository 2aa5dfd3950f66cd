import { HOUR } from '#contracts';
import type { KeyStore } from '#keys';
import { Loop, type Clock, type Logger } from '#platform';

/** Destroys, at the start and every hour, the keys of quarantined bodies that could not be searched and were kept for their 30 days. */
export class ExpiryKeeper {
  private readonly loop: Loop;

  constructor(keys: Pick<KeyStore, 'destroyExpired'>, clock: Clock, logger: Pick<Logger, 'info' | 'warn'>) {
    this.loop = new Loop(
      async () => {
        try {
          const bodies = await keys.destroyExpired(clock.now());
          if (bodies > 0)
            logger.info(
              { bodies },
              'quarantined bodies that cannot be searched for a person were destroyed after 30 days',
            );
        } catch (error) {
          logger.warn(
            { err: error },
            'quarantined bodies whose time is over were not destroyed: the next attempt is in an hour',
          );
        }
        return HOUR;
      },
      { keepsProcessAlive: false },
    );
  }

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }
}
