import { HOUR } from '#contracts';
import type { AppendItem } from '#event-log';
import { day, order, touchpoint } from './touchpoints.js';

/** A repeatable random generator (mulberry32): the same seed gives the same world. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The same items in random order. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = seededRandom(seed);
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}

const SIGNALS = ['site-visited', 'message-opened', 'message-clicked', 'product-viewed', 'cart-updated', 'app-opened'];

/**
 * Some hundred days of customers who visit under one identifier, log in under another, buy, change and return orders, pay, and fall silent. Pairs of customers
 * share a device, so that links are rejected; some traffic is a test. Two of three touchpoints concern a brand, whichever brand the order has that they name.
 */
export function world(seed: number, customers = 20, eventsEach = 20): AppendItem[] {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const items: AppendItem[] = [];
  for (let c = 0; c < customers; c++) {
    const user = `user-${c}`;
    const names = [
      { userId: user },
      { userId: user, email: `${user}@shop.example` },
      { email: `${user}@shop.example` },
      { anonymousId: `browser-${c}` },
      { userId: user, anonymousId: `browser-${c}` },
      // A device that two customers use.
      { userId: user, deviceId: `device-${c >> 1}` },
    ];
    const orders: string[] = [];
    const count = 1 + Math.floor(random() * eventsEach * 2);
    for (let e = 0; e < count; e++) {
      // Whole hours, so that instants collide.
      const at = day(0) + Math.floor(random() * 24 * 500) * HOUR;
      const who = pick(names);
      const id = `${c}-${e}`;
      const dice = random();
      if (dice < 0.3) {
        orders.push(id);
        items.push(order(who, at, id, 500 + Math.floor(random() * 5_000), pick(['tea', 'coffee', 'cups'])));
      } else if (dice < 0.36 && orders.length > 0) {
        // At any instant: before its order or after it, and sometimes more than is left of it.
        const amount = 200 + Math.floor(random() * 3_000);
        const [type, more] = pick([
          ['order-cancelled', {}],
          ['order-returned', {}],
          ['order-returned', { amountMinor: amount }],
          ['order-amended', { totalMinor: amount }],
          ['payment-succeeded', { amountMinor: amount, ...(random() < 0.5 ? { contractId: 'c' } : {}) }],
        ] as const);
        items.push(touchpoint({ who, at, type, id, data: { orderId: pick(orders), currency: 'EUR', ...more } }));
      } else if (dice < 0.37) {
        const data = { contractId: 'c', amountMinor: 900, currency: 'EUR' };
        items.push(touchpoint({ who, at, type: 'payment-succeeded', id, data }));
      } else if (dice < 0.4) items.push(touchpoint({ who, at, type: pick(SIGNALS), id, test: true }));
      else items.push(touchpoint({ who, at, type: pick(SIGNALS), id }));
    }
  }
  return items.map((item, index) => ofBrand(item, BRANDS[index % BRANDS.length]));
}

const BRANDS = [undefined, 'Alpine', 'Coast'];

function ofBrand({ stream, event }: AppendItem, brand: string | undefined): AppendItem {
  const meta = JSON.parse(event.meta) as object;
  return { stream, event: { ...event, meta: JSON.stringify({ ...meta, brand }) } };
}
