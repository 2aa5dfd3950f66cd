import { parseInstant, type Instant } from '#contracts';
import { numberOf, textOf } from '../fold/facts.js';
import type { LifecycleEvent, Money } from '../model.js';

/** What a customer costs to serve, and what the relationship gives them, until an instant. */
export interface ServiceFigures {
  /** Minutes of work on cases and calls. */
  readonly minutes: number;
  /** What these cost, by currency, alphabetically. */
  readonly costs: readonly Money[];
  /** How often the customer turned to us: cases, complaints and calls; those of one case count once. */
  readonly contacts: number;
  readonly cases: CaseCounts;
  readonly received: ValueReceived;
}

export interface CaseCounts {
  /** Cases and complaints. */
  readonly opened: number;
  readonly open: number;
  readonly resolved: number;
  /** Of the resolved ones, those of which it is known, and those that were in time. */
  readonly judged: number;
  readonly withinStandard: number;
}

/** What the customer got beyond what they paid for. */
export interface ValueReceived {
  /** Discounts on lines and orders, by currency. */
  readonly discounts: readonly Money[];
  /** Rewards for points and referrals, by currency. */
  readonly rewards: readonly Money[];
  /** Deliveries of which it is known whether they were on time, and those that were. */
  readonly deliveries: number;
  readonly deliveriesOnTime: number;
}

/** From the customer's events, in their order, test traffic apart. `from` is included; events after `asOf` do not count. */
export function serviceFigures(
  events: readonly LifecycleEvent[],
  asOf: Instant,
  from: Instant = -Infinity,
): ServiceFigures {
  const [costs, discounts, rewards] = [new Sums(), new Sums(), new Sums()];
  const cases = new Map<string, { open: boolean; resolved: number; judged: number; inTime: number }>();
  let [minutes, calls, deliveries, deliveriesOnTime] = [0, 0, 0, 0];
  const caseOf = (event: LifecycleEvent) => {
    // What names no case is one of its own.
    const id = textOf(event.data['caseId']) ?? `${event.source}\0${event.id}`;
    let found = cases.get(id);
    if (found === undefined) cases.set(id, (found = { open: false, resolved: 0, judged: 0, inTime: 0 }));
    return found;
  };
  for (const event of events) {
    const { type, data, occurredAt, test } = event;
    if (test || occurredAt < from || occurredAt > asOf) continue;
    const currency = textOf(data['currency']);
    switch (type) {
      case 'case-opened':
      case 'complaint-made':
        caseOf(event).open = true;
        break;
      case 'case-resolved': {
        const found = caseOf(event);
        found.open = false;
        found.resolved = 1;
        if (typeof data['withinStandard'] === 'boolean') {
          found.judged = 1;
          found.inTime = data['withinStandard'] ? 1 : 0;
        }
        minutes += amountOf(data['minutes']);
        costs.add(currency, amountOf(data['costMinor']));
        break;
      }
      case 'call-handled':
        if (textOf(data['caseId']) === null) calls += 1;
        else caseOf(event);
        minutes += amountOf(data['minutes']);
        costs.add(currency, amountOf(data['costMinor']));
        break;
      case 'delivered': {
        const onTime = wasOnTime(data, occurredAt);
        if (onTime === null) break;
        deliveries += 1;
        if (onTime) deliveriesOnTime += 1;
        break;
      }
      case 'order-placed':
        discounts.add(currency, discountOf(data));
        break;
      case 'points-redeemed':
      case 'referral-converted':
        rewards.add(currency, amountOf(data['rewardMinor']));
        break;
    }
  }
  const all = [...cases.values()];
  const sum = (of: (each: (typeof all)[number]) => number): number => all.reduce((total, each) => total + of(each), 0);
  return {
    minutes,
    costs: costs.list(),
    contacts: all.length + calls,
    cases: {
      opened: all.length,
      open: sum(({ open }) => (open ? 1 : 0)),
      resolved: sum(({ resolved }) => resolved),
      judged: sum(({ judged }) => judged),
      withinStandard: sum(({ inTime }) => inTime),
    },
    received: { discounts: discounts.list(), rewards: rewards.list(), deliveries, deliveriesOnTime },
  };
}

/** As the touchpoint states it; else by the promise; null where neither is there. */
function wasOnTime(data: LifecycleEvent['data'], at: Instant): boolean | null {
  if (typeof data['onTime'] === 'boolean') return data['onTime'];
  const promised = textOf(data['promisedAt']);
  const until = promised === null ? null : parseInstant(promised);
  return until === null ? null : at <= until;
}

/** The discounts on the lines and the whole of an order. */
export function discountOf(data: LifecycleEvent['data']): number {
  const lines = Array.isArray(data['lines']) ? (data['lines'] as readonly unknown[]) : [];
  return lines.reduce<number>(
    (sum, line) => sum + amountOf((line as Record<string, unknown> | null)?.['discountMinor']),
    amountOf(data['discountMinor']),
  );
}

/** Money by currency. */
class Sums {
  readonly #sums = new Map<string, number>();

  add(currency: string | null, amountMinor: number): void {
    if (currency !== null && amountMinor !== 0) this.#sums.set(currency, (this.#sums.get(currency) ?? 0) + amountMinor);
  }

  list(): readonly Money[] {
    return [...this.#sums]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([currency, amountMinor]) => ({ amountMinor, currency }));
  }
}

const amountOf = (value: unknown): number => numberOf(value) ?? 0;
