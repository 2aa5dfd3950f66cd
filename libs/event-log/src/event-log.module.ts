import { join } from 'node:path';
import { Global, Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { CLOCK, CONFIG, EVENT_LOG, type Clock, type Config } from '#platform';
import { lockDataFolder, type DataFolderLock } from './data-folder.js';
import type { EventLog } from './port.js';
import { openSqliteLog } from './sqlite/sqlite-log.js';

export interface EventLogModuleOptions {
  /** The lock on the data folder, taken before anything in it was opened; without one it is taken and released here. */
  readonly lock?: DataFolderLock;
  /** A log opened elsewhere, which is closed elsewhere; without one `log.db` in the data folder is opened. */
  readonly log?: EventLog;
}

interface Opened {
  readonly log: EventLog;
  close(): Promise<void>;
}

/** Opens the event log when the application starts, provides it as EVENT_LOG, and closes it at shutdown. */
@Global()
@Module({})
export class EventLogModule implements OnApplicationShutdown {
  private static readonly OPENED = Symbol.for('perennial.event-log.opened');

  constructor(@Inject(EventLogModule.OPENED) private readonly opened: Opened) {}

  static forRoot(options: EventLogModuleOptions = {}): DynamicModule {
    return {
      module: EventLogModule,
      providers: [
        {
          provide: EventLogModule.OPENED,
          useFactory: (config: Config, clock: Clock) => open(options, config, clock),
          inject: [CONFIG, CLOCK],
        },
        { provide: EVENT_LOG, useFactory: ({ log }: Opened) => log, inject: [EventLogModule.OPENED] },
      ],
      exports: [EVENT_LOG],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.opened.close();
  }
}

async function open({ lock, log }: EventLogModuleOptions, { dataDir }: Config, clock: Clock): Promise<Opened> {
  if (log !== undefined) return { log, close: async () => {} };
  const own = lock === undefined ? lockDataFolder(dataDir) : null;
  try {
    const opened = await openSqliteLog({ file: join(dataDir, 'log.db'), clock });
    return {
      log: opened,
      async close() {
        await opened.close();
        own?.release();
      },
    };
  } catch (error) {
    own?.release();
    throw error;
  }
}
