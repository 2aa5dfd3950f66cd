import { setTimeout as sleep } from 'node:timers/promises';
import { channelsAt, type OutgoingMessage, type ReceivedMessage } from '#platform';

/** Touchpoints at a steady rate into one topic, and the stage changes that come of them out of another. */
export interface BothEnds {
  readonly brokers: readonly string[];
  readonly touchpoints: string;
  readonly changes: string;
  readonly perSecond: number;
  /** At first, for so long, nothing is counted. */
  readonly warmingSeconds: number;
  readonly seconds: number;
}

export interface SeenAtBothEnds {
  readonly sent: number;
  readonly stageChanges: number;
  /** From the moment at which a touchpoint was due to be sent until the change that it caused was read from the topic of changes. */
  readonly changedMs: readonly number[];
  /** Until it was read from the topic that it was sent to. */
  readonly passedMs: readonly number[];
  readonly unseen: number;
}

/** Who comes, orders so much later: her order finds her known, folded and told of. */
const ORDERS_AFTER_SECONDS = 5;
const EVERY_MS = 5;
const GIVE_UP_MS = 60_000;

/** Touchpoint `n`: by turns somebody new looks at something, and somebody who came a while ago orders for the first time. Each moves her. */
function touchpoint(
  n: number,
  perSecond: number,
): { readonly id: string; readonly who: string; readonly body: object } {
  const before = n - 1 - 2 * Math.ceil((perSecond * ORDERS_AFTER_SECONDS) / 2);
  const orders = n % 2 === 1 && before >= 0;
  const who = `customer-${orders ? before : n}`;
  const id = `t-${n}`;
  const data = orders
    ? { orderId: id, currency: 'EUR', totalMinor: 1_000 + n }
    : { sku: `SKU-${n % 500}`, category: 'kitchen' };
  const type = orders ? 'order-placed' : 'product-viewed';
  const identifiers = [{ namespace: 'userId', value: who }];
  return {
    id,
    who,
    body: { id, source: 'shop', type, channel: 'web', time: new Date().toISOString(), identifiers, data },
  };
}

async function run(ends: BothEnds): Promise<SeenAtBothEnds> {
  const { brokers, touchpoints, changes, perSecond, warmingSeconds, seconds } = ends;
  const silent = { warn: () => undefined, debug: () => undefined };
  const channels = await channelsAt({ brokers, tls: null, sasl: null }, silent);
  const all = perSecond * (warmingSeconds + seconds);
  const counted = perSecond * warmingSeconds;
  const changedMs: number[] = [];
  const passedMs: number[] = [];
  const unseen = new Set<number>();
  let stageChanges = 0;
  let begun = 0;
  const due = (n: number): number => begun + (n * 1_000) / perSecond;
  const numberOf = (id: string): number => Number(id.slice(2));
  const changed = (message: ReceivedMessage): void => {
    const { kind, cause } = JSON.parse(String(message.value)) as {
      readonly kind: string;
      readonly cause?: { readonly events: readonly { readonly id: string }[] };
    };
    stageChanges += 1;
    if (kind !== 'entered') return;
    for (const { id } of cause?.events ?? []) {
      const n = numberOf(id);
      if (unseen.delete(n) && n >= counted) changedMs.push(performance.now() - due(n));
    }
  };
  const passed = (message: ReceivedMessage): void => {
    const n = numberOf((JSON.parse(String(message.value)) as { readonly id: string }).id);
    if (n >= counted) passedMs.push(performance.now() - due(n));
  };
  const listen = (topic: string, hear: (message: ReceivedMessage) => void) =>
    channels.consumer({
      ...{ group: `both-ends-${topic}`, takes: (name) => name === topic, lookForTopicsMs: 1_000 },
      take: ({ messages }) => Promise.resolve(messages.forEach(hear)),
    });
  const listeners = [listen(changes, changed), listen(touchpoints, passed)];
  while (listeners.some(({ joined }) => !joined)) await sleep(50);
  const producer = channels.producer();
  await producer.send([]);
  begun = performance.now() + 500;
  for (let n = 0; n < all;) {
    const messages: OutgoingMessage[] = [];
    for (; n < all && due(n) <= performance.now(); n += 1) {
      const { who, body } = touchpoint(n, perSecond);
      unseen.add(n);
      const headers = { 'content-type': 'application/json' };
      messages.push({ topic: touchpoints, key: who, value: JSON.stringify(body), headers });
    }
    if (messages.length > 0) await producer.send(messages);
    await sleep(EVERY_MS);
  }
  const giveUpAt = performance.now() + GIVE_UP_MS;
  while (unseen.size > 0 && performance.now() < giveUpAt) await sleep(50);
  await producer.close();
  for (const listener of listeners) await listener.close();
  return { sent: all - counted, stageChanges, changedMs, passedMs, unseen: unseen.size };
}

process.once('message', (ends: BothEnds) => {
  void run(ends).then(
    (seen) => process.send?.(seen, () => process.exit(0)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.send?.({ ready: true });
