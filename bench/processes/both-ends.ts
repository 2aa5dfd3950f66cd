import { setTimeout as sleep } from 'node:timers/promises';
import { connectChannels, type OutgoingMessage, type ReceivedMessage } from '#platform';

/** Touchpoints at a steady rate into one topic, and the stage changes that come of them out of another. */
export interface BothEnds {
  readonly brokers: readonly string[];
  readonly touchpoints: string;
  readonly changes: string;
  readonly perSecond: number;
  /** The share of touchpoints that move a customer; the others are looks of customers who are known. */
  readonly moving: number;
  /** At first, for so long, nothing is counted. */
  readonly warmingSeconds: number;
  readonly seconds: number;
}

export interface SeenAtBothEnds {
  /** Touchpoints that counted, and those of them that move a customer. */
  readonly sent: number;
  readonly changing: number;
  /** From the moment at which a touchpoint was due to be sent until the change that it caused was read from the topic of changes. */
  readonly changedMs: readonly number[];
  /** Until it was read from the topic that it was sent to. */
  readonly passedMs: readonly number[];
  /** Those of which no change was told in time, warming included. */
  readonly unseen: number;
}

/** A new customer orders so much later: by then they are known, folded and published. */
const ORDERS_AFTER_SECONDS = 5;
const EVERY_MS = 5;
/** After the last was sent. */
const GIVE_UP_MS = 60_000;

interface Sent {
  readonly id: string;
  readonly who: string;
  readonly moves: boolean;
  readonly body: object;
}

/** The touchpoints in their order; time and chance are not asked for anything but the moment of sending. */
function touchpoints(perSecond: number, moving: number): (n: number) => Sent {
  const lag = Math.ceil((perSecond * moving * ORDERS_AFTER_SECONDS) / 2);
  /** Those who came and have not ordered, and all who have: by their number. */
  let newcomers = 0;
  let ordered = 0;
  let moved = 0;
  return (n) => {
    const id = `t-${n}`;
    // Until a customer came long enough ago to be known, every customer is new.
    const moves = newcomers <= lag || Math.floor((n + 1) * moving) > Math.floor(n * moving);
    if (moves) moved += 1;
    const orders = moves && moved % 2 === 0 && newcomers - ordered > lag;
    let who: string;
    if (orders) who = `customer-${(ordered += 1) - 1}`;
    else if (moves) who = `customer-${(newcomers += 1) - 1}`;
    // Any of those who are known, by turns: a step that has no divisor in common with most numbers.
    else who = `customer-${(n * 7_919) % (newcomers - lag)}`;
    const data = orders
      ? { orderId: id, currency: 'EUR', totalMinor: 1_000 + n }
      : { sku: `SKU-${n % 500}`, category: 'kitchen' };
    const type = orders ? 'order-placed' : 'product-viewed';
    const identifiers = [{ namespace: 'userId', value: who }];
    const time = new Date().toISOString();
    return { id, who, moves, body: { id, source: 'shop', type, channel: 'web', time, identifiers, data } };
  };
}

async function run(ends: BothEnds): Promise<SeenAtBothEnds> {
  const { brokers, changes, perSecond, moving, warmingSeconds, seconds } = ends;
  const silent = { warn: () => undefined, info: () => undefined, debug: () => undefined };
  const channels = await connectChannels({ brokers, tls: null, sasl: null }, silent);
  const all = perSecond * (warmingSeconds + seconds);
  const counted = perSecond * warmingSeconds;
  const changedMs: number[] = [];
  const passedMs: number[] = [];
  const unseen = new Set<number>();
  let changing = 0;
  let begun = 0;
  const due = (n: number): number => begun + (n * 1_000) / perSecond;
  const numberOf = (id: string): number => Number(id.slice(2));
  const changed = (message: ReceivedMessage): void => {
    const { kind, cause } = JSON.parse(String(message.value)) as {
      readonly kind: string;
      readonly cause?: { readonly events: readonly { readonly id: string }[] };
    };
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
      ...{ group: `both-ends-${topic}`, subscribes: (name) => name === topic, topicPollMs: 1_000 },
      handle: ({ messages }) => Promise.resolve(messages.forEach(hear)),
    });
  const listeners = [listen(changes, changed), listen(ends.touchpoints, passed)];
  while (listeners.some(({ joined }) => !joined)) await sleep(50);
  const producer = channels.producer();
  await producer.send([]);
  const touchpoint = touchpoints(perSecond, moving);
  begun = performance.now();
  process.send?.({ begun: true });
  for (let n = 0; n < all;) {
    const messages: OutgoingMessage[] = [];
    for (; n < all && due(n) <= performance.now(); n += 1) {
      const { who, moves, body } = touchpoint(n);
      if (moves) {
        unseen.add(n);
        if (n >= counted) changing += 1;
      }
      const headers = { 'content-type': 'application/json' };
      messages.push({ topic: ends.touchpoints, key: who, value: JSON.stringify(body), headers });
    }
    if (messages.length > 0) await producer.send(messages);
    await sleep(EVERY_MS);
  }
  const giveUpAt = performance.now() + GIVE_UP_MS;
  while (unseen.size > 0 && performance.now() < giveUpAt) await sleep(50);
  await producer.close();
  for (const listener of listeners) await listener.close();
  return { sent: all - counted, changing, changedMs, passedMs, unseen: unseen.size };
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
