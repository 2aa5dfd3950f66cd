import 'reflect-metadata';
import { readConfig, requireSharedStores } from '#platform';
import { JournalKeeper } from '#privacy';
import { serve, startProcess } from '#platform/nest';
import { prepareStoresOf } from '#privacy/nest';
import { IntakeAppModule } from './intake-app.module.js';

await startProcess(async () => {
  const config = readConfig(process.env);
  requireSharedStores(config, 'intake');
  await serve({
    config,
    module: () => IntakeAppModule.forRoot(config),
    port: config.intakePort,
    portSetting: 'INTAKE_PORT',
    prepare: async (app) => {
      await prepareStoresOf(app, config, { ownsFolder: false });
      await app.get(JournalKeeper).reconcile();
    },
    listening: (_, url) => console.log(`Perennial ingests touchpoints at ${url}`),
  });
});
