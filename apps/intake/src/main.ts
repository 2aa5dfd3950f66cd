import 'reflect-metadata';
import { EVENT_LOG, type EventLog } from '#event-log';
import { prepareLog } from '#ingestion';
import { CLOCK, readConfig, requireSharedStores, type Clock } from '#platform';
import { KEY_STORE, type KeyStore } from '#keys';
import { JournalKeeper } from '#privacy';
import { serve, startProcess } from '#platform/nest';
import { IntakeAppModule } from './intake-app.module.js';

await startProcess(async () => {
  const config = readConfig(process.env);
  requireSharedStores(config, 'intake');
  await serve({
    config,
    module: IntakeAppModule.forRoot(config),
    port: config.intakePort,
    prepare: async (app) => {
      await prepareLog(
        app.get<EventLog>(EVENT_LOG),
        app.get<KeyStore>(KEY_STORE),
        config.policy,
        app.get<Clock>(CLOCK).now(),
      );
      await app.get(JournalKeeper).reconcile();
    },
    listening: (_, url) => console.log(`Perennial ingests touchpoints at ${url}`),
  });
});
