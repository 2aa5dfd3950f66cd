import { WebhookClient } from '../webhook-client.js';
import { EgressPolicy } from '../egress-policy.js';

/** A process that sends one message to each URL of its arguments and prints each result as a line of JSON. Node reads NODE_EXTRA_CA_CERTS only when it starts. */
const webhookClient = new WebhookClient(new EgressPolicy(['loopback']));
for (const url of process.argv.slice(2)) {
  const abort = new AbortController().signal;
  const result = await webhookClient.send({ url, headers: {}, body: '{}', timeoutMs: 5_000, now: () => 0, abort });
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
webhookClient.close();
