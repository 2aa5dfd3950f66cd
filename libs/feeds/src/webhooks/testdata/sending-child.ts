import { WebhookClient } from '../webhook-client.js';
import { EgressPolicy } from '../egress-policy.js';

/** A process that posts one message to each of these URLs, and says what became of it: a line of JSON each. Node reads NODE_EXTRA_CA_CERTS once, as it starts. */
const webhookClient = new WebhookClient(new EgressPolicy(['loopback']));
for (const url of process.argv.slice(2)) {
  const stop = new AbortController().signal;
  const answer = await webhookClient.send({ url, headers: {}, body: '{}', timeoutMs: 5_000, now: () => 0, stop });
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
webhookClient.close();
