import {
  Global,
  Inject,
  Module,
  Optional,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Histogram, type Registry } from 'prom-client';
import {
  accountableSettings,
  ACTS,
  CLOCK,
  CONFIG,
  HEALTH,
  LOGGER,
  METRICS,
  RunningEngine,
  STORE_WATCH,
  type Clock,
  type Config,
  type Health,
  type Logger,
  type StoreWatch,
} from '#platform';
import { EVENT_LOG, ID_TABLE } from './tokens.js';
import { lockDataFolder, type DataFolderLock } from './data-folder.js';
import type { EventLog, EventLogError } from './port.js';
import type { IdTable } from './eventstore/ids.js';
import { openLogOf } from './open-log.js';
import { registerReceived } from './received-metrics.js';
import { SettingsRecord, type ProcessName } from './settings-record.js';
import { RecordedActs } from './recorded-acts.js';
import { timedLog } from './timed-log.js';
import { watchingForDamage } from './torn-log.js';

export interface EventLogModuleOptions {
  /** Which process it is: its settings are put on record at the start. */
  readonly process?: ProcessName;
  /** The lock on the data folder, taken before anything in it was opened; without one it is taken and released here. */
  readonly lock?: DataFolderLock;
  /** A log opened elsewhere, which is closed elsewhere; without one the log that the config names is opened. */
  readonly log?: EventLog;
}

interface Opened {
  readonly log: EventLog;
  close(): Promise<void>;
}

/** Opens the event log when the application starts, provides it as EVENT_LOG, and closes it at shutdown. */
@Global()
@Module({})
export class EventLogModule implements OnApplicationBootstrap, OnApplicationShutdown {
  private static readonly OPENED = Symbol.for('perennial.event-log.opened');
  /** Null where the process has no name. */
  private static readonly SETTINGS = Symbol.for('perennial.event-log.settings');

  constructor(
    @Inject(EventLogModule.OPENED) private readonly opened: Opened,
    @Inject(EventLogModule.SETTINGS) private readonly settings: SettingsRecord | null,
    @Optional() @Inject(RunningEngine) engine?: RunningEngine,
  ) {
    if (engine !== undefined) engine.logIdentity = () => opened.log.identity();
  }

  static forRoot(options: EventLogModuleOptions = {}): DynamicModule {
    return {
      module: EventLogModule,
      providers: [
        {
          provide: EventLogModule.OPENED,
          useFactory: (config: Config, clock: Clock, ids: IdTable | null | undefined, watch?: StoreWatch) =>
            open(options, config, clock, { ids: ids ?? null, watch }),
          inject: [CONFIG, CLOCK, { token: ID_TABLE, optional: true }, { token: STORE_WATCH, optional: true }],
        },
        {
          provide: ACTS,
          useFactory: (log: EventLog, clock: Clock) => new RecordedActs(log, clock),
          inject: [EVENT_LOG, CLOCK],
        },
        {
          provide: EventLogModule.SETTINGS,
          useFactory: (config: Config, log: EventLog, clock: Clock, logger: Logger) =>
            options.process === undefined
              ? null
              : new SettingsRecord(options.process, accountableSettings(config), log, clock, logger),
          inject: [CONFIG, EVENT_LOG, CLOCK, LOGGER],
        },
        { provide: EVENT_LOG, useFactory: measured, inject: [EventLogModule.OPENED, METRICS, HEALTH] },
      ],
      exports: [EVENT_LOG, ACTS],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.settings?.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.settings?.stop();
    await this.opened.close();
  }
}

/** The log that is provided: it measures how long commits take. */
function measured({ log }: Opened, registry: Registry, health: Health): EventLog {
  let torn: EventLogError | null = null;
  const watched = watchingForDamage(log, (error) => (torn ??= error));
  health.register('log', async () => {
    const { position } = await watched.head();
    return torn === null ? { ok: true, detail: `at position ${position}` } : { ok: false, detail: torn.message };
  });
  if (log.received !== undefined) registerReceived(registry, log.received);
  const latency = new Histogram({
    name: 'perennial_log_commit_seconds',
    help: 'From the call of an append to its acknowledgement, when it is durable.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [registry],
  });
  return timedLog(watched, (elapsedMs) => latency.observe(elapsedMs / 1_000));
}

async function open(
  { lock, log }: EventLogModuleOptions,
  config: Config,
  clock: Clock,
  { ids, watch }: { readonly ids: IdTable | null; readonly watch: StoreWatch | undefined },
): Promise<Opened> {
  if (log !== undefined) return { log, close: async () => {} };
  const own = lock === undefined && config.eventLog.kind === 'sqlite' ? lockDataFolder(config.dataDir) : null;
  try {
    const opened = await openLogOf(config, clock, ids, watch);
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
