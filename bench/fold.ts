/**
 * How fast the fold is, in one process on one thread: simple histories, rich ones, and one customer with 5,000 orders.
 * Baseline: the same events walked over and added up, which is what no fold can be faster than.
 * Run: node --conditions=source --import #from-source bench/fold.ts
 */
import { foldCustomer, policyTimeline, type LifecycleEvent } from '#lifecycle';

const DAY = 86_400_000;
const START = Date.UTC(2024, 0, 1);
const END = START + 3 * 365 * DAY;
const policies = policyTimeline([]);

/** A generator of its own, so that every run folds the same histories. */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function event(position: number, occurredAt: number, type: string, data: LifecycleEvent['data']): LifecycleEvent {
  const id = `e${position}`;
  const subjectId = 'bench';
  return {
    position,
    recordedAt: occurredAt,
    occurredAt,
    source: 'bench',
    id,
    type,
    channel: 'web',
    subjectId,
    test: false,
    data,
  };
}

const BROWSING = [
  'site-visited',
  'product-viewed',
  'message-opened',
  'cart-updated',
  'campaign-received',
  'message-clicked',
];

/** Browsing with an order now and then: what most customers are. */
function simple(length: number, seed: number): LifecycleEvent[] {
  const random = randoms(seed);
  let at = START;
  return Array.from({ length }, (_, index) => {
    at += Math.floor(random() * 8 * DAY);
    if (random() < 0.15) {
      const data = { orderId: `o${index}`, currency: 'EUR', totalMinor: 1000 + Math.floor(random() * 9000) };
      return event(index + 1, at, 'order-placed', data);
    }
    return event(index + 1, at, BROWSING[Math.floor(random() * BROWSING.length)] ?? 'site-visited', {});
  });
}

/** Nothing but orders with lines, each fourth of an earlier one returned: the worst that one customer can bring. */
function trader(length: number): LifecycleEvent[] {
  const random = randoms(1);
  return Array.from({ length }, (_, index) => {
    const at = START + index * 4 * 3_600_000;
    if (index % 4 === 3)
      return event(index + 1, at, 'order-returned', { orderId: `o${index - 3 - (index % 8 > 3 ? 4 : 0)}` });
    const lines = [1, 2, 3].map((line) => ({
      sku: `sku ${line}`,
      category: line === 1 ? 'books' : 'music',
      quantity: line,
      unitPriceMinor: 100 + Math.floor(random() * 900),
    }));
    return event(index + 1, at, 'order-placed', { orderId: `o${index}`, currency: 'EUR', lines });
  });
}

function best(rounds: number, run: () => void): number {
  let ms = Infinity;
  for (let round = 0; round < rounds; round += 1) {
    const from = process.hrtime.bigint();
    run();
    ms = Math.min(ms, Number(process.hrtime.bigint() - from) / 1e6);
  }
  return ms;
}

function rate(name: string, histories: readonly LifecycleEvent[][]): void {
  const events = histories.reduce((sum, history) => sum + history.length, 0);
  let sum = 0;
  const walked = best(5, () => {
    for (const history of histories) for (const { occurredAt, type } of history) sum += occurredAt + type.length;
  });
  const folded = best(5, () => {
    for (const history of histories) foldCustomer({ events: history, policies, asOf: END });
  });
  console.log(
    `${name}: ${histories.length} customers, ${events} events: ${Math.round(events / folded)} k events/s ` +
      `(walked over: ${Math.round(events / walked)} k; checked ${sum > 0})`,
  );
}

rate(
  'simple histories of 40 events',
  Array.from({ length: 5_000 }, (_, seed) => simple(40, seed)),
);
rate(
  'simple histories of 3 events',
  Array.from({ length: 50_000 }, (_, seed) => simple(3, seed)),
);
rate(
  'orders only, 8 each',
  Array.from({ length: 20_000 }, () => trader(8)),
);

const five = trader(5_000);
console.log(
  `one customer, 5,000 orders and returns: ${best(5, () => foldCustomer({ events: five, policies, asOf: END })).toFixed(1)} ms`,
);
for (const length of [1_250, 2_500, 5_000, 10_000])
  console.log(
    `  ${length}: ${best(3, () => foldCustomer({ events: trader(length), policies, asOf: END })).toFixed(1)} ms`,
  );

const last = five.at(-1);
const { snapshot } = foldCustomer({ events: five.slice(0, -1), policies, asOf: END });
const text = JSON.stringify(snapshot);
const resumed = best(5, () =>
  foldCustomer({ events: last === undefined ? [] : [last], policies, asOf: END, snapshot: JSON.parse(text) }),
);
console.log(`its snapshot: ${text.length} bytes; one more event on top, parsed again: ${resumed.toFixed(2)} ms`);
