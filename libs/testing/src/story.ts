import { formatInstant, parseInstant, type Instant } from '#contracts';
import {
  compareEvents,
  foldCustomer,
  policyTimeline,
  type FoldResult,
  type LifecycleEvent,
  type Policy,
  type PolicyTimeline,
  type PublishedPolicy,
} from '#lifecycle';

/** `2026-03-01` is 00:00 of that day in UTC; `2026-03-01 09:30` is that minute; else an RFC 3339 date-time. */
export function when(text: string): Instant {
  const [day, time = '00:00'] = text.split(' ');
  const at = parseInstant(text.includes('T') ? text : `${day}T${time}:00Z`);
  if (at === null) throw new Error(`"${text}" is not a day, a minute or an RFC 3339 date-time.`);
  return at;
}

/** An instant as a story writes it: a day when it is midnight in UTC, else the date-time. */
export function instantText(at: Instant): string {
  return formatInstant(at).replace('T00:00:00Z', '');
}

export interface Bought {
  /** In cents; 50 euros by default. */
  readonly amount?: number;
  readonly categories?: readonly string[];
  readonly currency?: string;
  /** Pieces by article; the amount is then theirs. */
  readonly pieces?: Readonly<Record<string, number>>;
}

/**
 * One customer's history: the given part of a spec. Each call adds one touchpoint and returns the story; the touchpoints
 * are recorded in the order of the calls and folded in the order of time.
 */
export class Story {
  readonly events: LifecycleEvent[] = [];

  constructor(private readonly published: readonly PublishedPolicy<Policy>[] = []) {}

  /** Any touchpoint. */
  on(text: string, type: string, data: Readonly<Record<string, unknown>> = {}, test = false, source = 'shop'): this {
    const position = this.events.length + 1;
    this.events.push({
      position,
      recordedAt: position,
      occurredAt: when(text),
      source,
      id: `e${String(position).padStart(4, '0')}`,
      type,
      channel: 'web',
      subjectId: '0'.repeat(32),
      test,
      data,
    });
    return this;
  }

  buys(text: string, orderId: string, { amount = 5000, categories = [], currency = 'EUR', pieces }: Bought = {}): this {
    const lines =
      pieces === undefined
        ? categories.map((category) => ({ sku: `a ${category}`, category, quantity: 1, unitPriceMinor: 0 }))
        : Object.entries(pieces).map(([sku, quantity]) => ({ sku, quantity, unitPriceMinor: 100 }));
    const total = pieces === undefined ? { totalMinor: amount } : {};
    return this.on(text, 'order-placed', { orderId, currency, lines, ...total });
  }

  cancels(text: string, orderId: string): this {
    return this.on(text, 'order-cancelled', { orderId });
  }

  /** The whole order, or the pieces named. */
  returns(text: string, orderId: string, pieces?: Readonly<Record<string, number>>): this {
    const lines = Object.entries(pieces ?? {}).map(([sku, quantity]) => ({ sku, quantity }));
    return this.on(text, 'order-returned', { orderId, ...(pieces === undefined ? {} : { lines }) });
  }

  /** So much of the order is given back. */
  refunds(text: string, orderId: string, amountMinor: number): this {
    return this.on(text, 'order-returned', { orderId, amountMinor });
  }

  /** The order has another total. */
  amends(text: string, orderId: string, totalMinor: number): this {
    return this.on(text, 'order-amended', { orderId, totalMinor });
  }

  get policies(): PolicyTimeline {
    return policyTimeline(this.published);
  }

  /** The fold at an instant, whatever the order of the calls. */
  at(text: string): FoldResult {
    const events = [...this.events].sort(compareEvents);
    return foldCustomer({ events, policies: this.policies, asOf: when(text) });
  }

  /** The stage periods up to an instant: `2026-01-01 retention·onboarding`; from the second cycle on with its number. */
  stays(text: string): string[] {
    return staysOf(this.at(text));
  }

  /** The rule that began each stage period. */
  rules(text: string): string[] {
    return this.at(text).stagePeriods.map(({ cause }) => cause.rule);
  }
}

/** A story about a customer under the built-in `retail`, or under the policies given: from the beginning of time. */
export function story(...policies: readonly Policy[]): Story {
  return new Story(
    policies.map((policy) => ({
      version: `${policy.name}@${policy.version}`,
      policy,
      effectiveFrom: -Infinity,
      recordedAt: -Infinity,
    })),
  );
}

/** A story under a policy that another one follows, each from the day named on. */
export function storyUnder(...published: readonly (readonly [from: string, policy: Policy])[]): Story {
  return new Story(
    published.map(([from, policy]) => ({
      version: `${policy.name}@${policy.version}`,
      policy,
      effectiveFrom: when(from),
      recordedAt: when(from),
    })),
  );
}

/** The stage periods of a fold, one line each. */
export function staysOf({ stagePeriods }: FoldResult): string[] {
  return stagePeriods.map(
    ({ enteredAt, cycle, stage, phase }) =>
      `${instantText(enteredAt)} ${stage}·${phase}${cycle > 1 ? ` (${cycle})` : ''}`,
  );
}
