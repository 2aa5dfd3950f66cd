import 'reflect-metadata';
import { readConfig, requireSharedStores } from '#platform';
import { serve, startProcess } from '#platform/nest';
import { RelayAppModule } from './relay-app.module.js';

await startProcess(async () => {
  const config = readConfig(process.env);
  requireSharedStores(config, 'relay');
  await serve({
    config,
    module: () => RelayAppModule.forRoot(config),
    port: config.relayPort,
    portSetting: 'RELAY_PORT',
    listening: (_, url) =>
      console.log(
        `Perennial's relay publishes the feeds; health and metrics are at ${url}. ` +
          (config.kafkaBrokers === null
            ? 'KAFKA_BROKERS is off: it publishes to webhooks only.'
            : `It publishes to ${config.kafkaBrokers.join(', ')} and to webhooks.`),
      ),
  });
});
