// `npm run kafka`: an Apache Kafka of one node on this machine, from its jars (Java 17 and, the first time, Maven), for trying out
// channels out. Prints its address; Ctrl-C stops it and takes its data away.
import { resolve } from 'node:path';
import { ensureInstalled } from './install.mjs';

ensureInstalled(resolve(import.meta.dirname, '..'));
await import('./from-source/register.mjs');
const { findBroker } = await import('../test/services/kafka-server.ts');
const found = await findBroker();
if (typeof found === 'string') {
  console.error(`There is ${found}.`);
  process.exit(1);
}
console.error(`Starting Kafka (${found.what})…`);
const kafka = await found.start();
const address = kafka.brokers.join(',');
console.log(`Kafka answers at ${address}; Ctrl-C stops it. The engine takes it as KAFKA_BROKERS=${address}`);

const stay = setInterval(() => undefined, 1_000_000);
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    clearInterval(stay);
    void kafka.remove();
  });
