import { startEmailChannel } from './channel.js';
import { engineAccess } from './engine.js';

const { KAFKA_BROKERS: brokers = '127.0.0.1:9092', EMAIL_ANSWERS: answers } = process.env;
const answer = (['accepted', 'declined', 'ignored'] as const).find((each) => each === answers) ?? null;
const log = (line: string) => process.stdout.write(`${line}\n`);

const stop = await startEmailChannel({ brokers: brokers.split(','), engine: engineAccess(process.env), answer, log });
log('The e-mail channel is running.');
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    void stop().then(() => process.exit(0));
  });
