import 'reflect-metadata';
import { ApiKeys } from '#keys';
import { readConfig, requireSharedStores } from '#platform';
import { serve, startProcess } from '#platform/nest';
import { matchKeysOf } from '#privacy/nest';
import { setUpOpenApi } from '#queries/nest';
import { ApiAppModule } from './api-app.module.js';

await startProcess(async () => {
  const config = readConfig(process.env);
  requireSharedStores(config, 'api');
  await serve({
    config,
    module: () => ApiAppModule.forRoot(config),
    port: config.apiPort,
    portSetting: 'API_PORT',
    prepare: async (app) => {
      setUpOpenApi(app);
      await matchKeysOf(app);
    },
    listening: async (app, url) => {
      // Created last, so that a start that fails does not leave a key that was never shown.
      const adminKey = await app.get(ApiKeys).createAdminOnce();
      if (adminKey !== null) console.log(`The admin key, shown only this once: ${adminKey}`);
      console.log(`Perennial answers queries at ${url}, documented at ${url}/docs`);
    },
  });
});
