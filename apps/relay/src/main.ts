import 'reflect-metadata';
import { readConfig, requireSharedStores } from '#platform';
import { serve, startProcess } from '#platform/nest';
import { RelayAppModule } from './relay-app.module.js';

await startProcess(async () => {
  const config = readConfig(process.env);
  requireSharedStores(config, 'relay');
  await serve({
    config,
    module: RelayAppModule.forRoot(config),
    port: config.relayPort,
    listening: (_, url) =>
      console.log(
        `Perennial's relay is up at ${url}. ` +
          (config.kafkaBrokers === null
            ? 'No brokers are configured (KAFKA_BROKERS is off): feeds are carried out to webhooks alone.'
            : `Feeds are carried out to ${config.kafkaBrokers.join(', ')} and to webhooks.`),
      ),
  });
});
