// `npm run kafka`: an Apache Kafka of one node on this machine, from its jars (Java 17 and, the first time, Maven), for trying out
// channels, with the topics of the examples in docs/channels.md. It listens on port 9092, or KAFKA_PORT. Ctrl-C stops it and removes its data.
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { build, ensureInstalled } from './install.mjs';

const PORT = 9092;

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

/** Why nothing can listen on the port; null where something can. */
function takenBy(port) {
  return new Promise((answer) => {
    const server = createServer();
    server.once('error', ({ code, message }) => answer(code ?? message));
    server.listen(port, '127.0.0.1', () => server.close(() => answer(null)));
  });
}

const port = Number(process.env.KAFKA_PORT ?? PORT);
if (!Number.isInteger(port) || port < 1 || port > 65_535)
  fail(`KAFKA_PORT must be a whole number from 1 to 65,535 (got "${process.env.KAFKA_PORT}").`);
const root = resolve(import.meta.dirname, '..');
ensureInstalled(root);
// The feeds, whose topics are created, are read from what is compiled.
build(root);
await import('./from-source/register.mjs');
const { findBroker } = await import('../test/services/kafka-server.ts');
const { createExampleTopics } = await import('../test/services/example-topics.ts');
const found = await findBroker();
if (typeof found === 'string') fail(`There is ${found}.`);
if (found.origin !== 'address' && (await takenBy(port)) !== null)
  fail(
    `Port ${port} of 127.0.0.1 is taken. Stop the process that has it, or choose another port: KAFKA_PORT=${port + 100} npm run kafka`,
  );
console.error(`Starting Kafka (${found.what})…`);
const kafka = await found.start(port);
const address = kafka.brokers.join(',');
const topics = await createExampleTopics(kafka.brokers).catch(async (error) => {
  await kafka.remove();
  throw error;
});
console.log(`Kafka answers at ${address}; Ctrl-C stops it and removes its data.`);
console.log(`  topics   ${topics.join(', ')}`);
console.log(`  engine   KAFKA_BROKERS=${address} npm start`);

const stay = setInterval(() => undefined, 1_000_000);
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    clearInterval(stay);
    void kafka.remove();
  });
