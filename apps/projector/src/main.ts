import 'reflect-metadata';
import { readConfig, requireSharedStores } from '#platform';
import { serve, startProcess } from '#platform/nest';
import { matchKeysOf } from '#privacy/nest';
import { ProjectorAppModule } from './projector-app.module.js';

await startProcess(async () => {
  const config = readConfig(process.env);
  requireSharedStores(config, 'projector');
  await serve({
    config,
    module: () => ProjectorAppModule.forRoot(config),
    port: config.projectorPort,
    portSetting: 'PROJECTOR_PORT',
    prepare: (app) => matchKeysOf(app),
    listening: (_, url) =>
      console.log(`Perennial keeps the read models (role: ${config.projectorRole}); health and metrics are at ${url}`),
  });
});
