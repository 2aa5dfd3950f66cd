import { HOUR } from '#contracts';
import { Loop, type Logger } from '#platform';
import type { ClassExpiry } from './class-expiry.js';

/** Destroys personal fields whose time is over, at the start and every hour. */
export class ClassKeeper {
  private readonly loop: Loop;

  constructor(expiry: Pick<ClassExpiry, 'run'>, logger: Pick<Logger, 'info' | 'warn'>) {
    this.loop = new Loop(
      async () => {
        try {
          const expired = await expiry.run();
          if (expired !== null)
            logger.info({ classes: expired.classes }, 'personal fields were destroyed, since their time was over');
        } catch (error) {
          logger.warn(
            { err: error },
            'personal fields whose time is over were not all destroyed: the next attempt is in an hour',
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
