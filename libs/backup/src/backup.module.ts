import { Inject, Module, type BeforeApplicationShutdown, type DynamicModule } from '@nestjs/common';
import { Gauge, type Registry } from 'prom-client';
import { EVENT_LOG, type EventLog } from '#event-log';
import { KEY_STORE, type EngineKeys } from '#keys';
import { CLOCK, CONFIG, METRICS, type Clock, type Config } from '#platform';
import { CurrentBackup } from './backup-job.js';
import { BackupsController } from './backups.controller.js';
import { backupSources } from './sources.js';
import { takeBackup } from './take-backup.js';

/** Backs up the embedded stores of the running engine. Needs the platform, the keys and the event log. */
@Module({})
export class BackupModule implements BeforeApplicationShutdown {
  constructor(
    @Inject(CurrentBackup) private readonly backups: CurrentBackup,
    @Inject(METRICS) metrics: Registry,
  ) {
    new Gauge({
      name: 'perennial_backup_completed_timestamp_seconds',
      help: 'When the last backup of this process was complete; absent until the first one',
      registers: [metrics],
      collect() {
        if (backups.completedAt === null) this.remove();
        else this.set(backups.completedAt / 1_000);
      },
    });
  }

  static forRoot(): DynamicModule {
    return {
      module: BackupModule,
      controllers: [BackupsController],
      providers: [
        {
          provide: CurrentBackup,
          useFactory: (config: Config, log: EventLog, keys: EngineKeys, clock: Clock) =>
            new CurrentBackup(
              async (folder, options) => takeBackup(await backupSources(config, log, keys), folder, options),
              () => clock.now(),
            ),
          inject: [CONFIG, EVENT_LOG, KEY_STORE, CLOCK],
        },
      ],
    };
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.backups.stop();
  }
}
