import 'reflect-metadata';
import { readConfig, requireSharedStores, serve, startProcess } from '#platform';
import { FeederAppModule } from './feeder-app.module.js';

await startProcess(async () => {
  const config = readConfig(process.env);
  requireSharedStores(config, 'feeder');
  await serve({
    config,
    module: FeederAppModule.forRoot(config),
    port: config.feederPort,
    listening: (_, url) =>
      console.log(
        `Perennial's feeder is up at ${url}. ` +
          (config.kafkaBrokers === null
            ? 'No outputs are configured (KAFKA_BROKERS is off): nothing is carried out.'
            : `Feeds are carried out to ${config.kafkaBrokers.join(', ')}.`),
      ),
  });
});
