import { Postman } from '../webhook-client.js';
import { Reach } from '../egress-policy.js';

/** A process that posts one message to each of these URLs, and says what became of it: a line of JSON each. Node reads NODE_EXTRA_CA_CERTS once, as it starts. */
const postman = new Postman(new Reach(['loopback']));
for (const url of process.argv.slice(2)) {
  const stop = new AbortController().signal;
  const answer = await postman.send({ url, headers: {}, body: '{}', timeoutMs: 5_000, now: () => 0, stop });
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
postman.close();
