// A member that joins a group, takes nothing and leaves when it is told to: what it was given in the meantime is given to the others again. It says when
// it has joined, one line each time.
import kafkajs from 'kafkajs';

const [brokers = '', groupId = '', ...topics] = process.argv.slice(2);
const client = new kafkajs.Kafka({ brokers: brokers.split(','), logLevel: kafkajs.logLevel.NOTHING });
const member = client.consumer({ groupId, sessionTimeout: 6_000, heartbeatInterval: 500 });
member.on(member.events.GROUP_JOIN, () => process.stdout.write('joined\n'));
process.once('SIGTERM', () => void member.disconnect().finally(() => process.exit(0)));
try {
  await member.connect();
  await member.subscribe({ topics });
  await member.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: () => Promise.resolve() });
} catch {
  // The broker is away just now.
  process.exit(1);
}
