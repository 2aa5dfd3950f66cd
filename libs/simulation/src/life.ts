import {
  DAY,
  formatInstant,
  HOUR,
  MINUTE,
  touchpointType,
  type Actor,
  type DataOf,
  type Instant,
  type TouchpointTypeName,
} from '#contracts';
import type { IdentifierInput, Random, TouchpointInput } from '#imports';
import type { Person } from './people.js';

/** The namespaces of a simulated customer's identifiers. */
export type SimulatedNamespace = 'userId' | 'email' | 'phone' | 'loyaltyCard' | 'deviceId' | 'anonymousId';

/** The system that reports the touchpoints of a group. Ids of orders, contracts, quotes and cases are unique within their source. */
const SOURCES = {
  awareness: 'sim/marketing',
  knowledge: 'sim/marketing',
  consideration: 'sim/shop',
  evaluation: 'sim/shop',
  purchase: 'sim/shop',
  contract: 'sim/billing',
  service: 'sim/service',
  satisfaction: 'sim/survey',
  wallet: 'sim/research',
  advocacy: 'sim/shop',
  loyalty: 'sim/loyalty',
  dialogue: 'sim/crm',
  person: 'sim/crm',
} as const;

export interface TouchpointContext {
  readonly channel?: string;
  readonly source?: string;
  /** The identifiers that this touchpoint carries; several are linked to each other. Default: those of `identifyBy`. */
  readonly by?: readonly SimulatedNamespace[];
  readonly others?: readonly IdentifierInput[];
  readonly actor?: Actor;
  readonly correlationId?: string;
}

/**
 * One simulated customer's life. Time only goes forward, from the first day to the end of the period; touchpoints after the end are dropped.
 * All random numbers come from the customer's own generator, so that a life does not depend on who else is simulated.
 */
export class Life {
  readonly touchpoints: TouchpointInput[] = [];
  private count = 0;
  private ids = 0;
  private identifiedBy: readonly SimulatedNamespace[] = ['userId'];
  private isTest = false;

  constructor(
    readonly person: Person,
    readonly random: Random,
    private readonly prefix: string,
    /** The current instant of the simulation. */
    public at: Instant,
    readonly until: Instant,
    /** Another simulated person: the friend that this customer refers. */
    readonly friend: Person,
  ) {}

  /** Whether the end of the period was reached. */
  get ended(): boolean {
    return this.at >= this.until;
  }

  get daysLeft(): number {
    return Math.max(0, (this.until - this.at) / DAY);
  }

  /** Lets `low` to `high` days pass, to an hour between 7:00 and 21:00. False once the period has ended. */
  days(low: number, high: number = low): boolean {
    const passed = this.at + this.random.between(low, high) * DAY;
    const day = Math.floor(passed / DAY) * DAY;
    this.at = Math.max(this.at, day + 7 * HOUR + this.random.below(14 * 60) * MINUTE);
    return !this.ended;
  }

  minutes(low: number, high: number = low): void {
    this.at += this.random.between(low, high) * MINUTE + this.random.below(60) * 1000;
  }

  /** From now on touchpoints carry these identifiers. */
  identifyBy(...known: readonly SimulatedNamespace[]): void {
    this.identifiedBy = known;
  }

  /** Marks all later touchpoints as test traffic. */
  markAsTest(): void {
    this.isTest = true;
  }

  /** An id for an order, a case, a contract: unique in the simulation. */
  newId(kind: string): string {
    this.ids += 1;
    return `${kind}-${this.prefix}-${this.ids}`;
  }

  /** Records a touchpoint at the current instant. */
  record<Name extends TouchpointTypeName>(type: Name, data: DataOf<Name>, context: TouchpointContext = {}): void {
    if (this.ended) return;
    const group = touchpointType(type)?.group ?? 'awareness';
    this.count += 1;
    const self = (context.by ?? this.identifiedBy).map((namespace) => ({ namespace, value: this.person[namespace] }));
    this.touchpoints.push({
      id: `${this.prefix}-${this.count}`,
      source: context.source ?? SOURCES[group],
      type,
      occurredAt: formatInstant(this.at),
      channel: context.channel ?? 'web',
      identifiers: context.others === undefined ? self : [...self, ...context.others],
      ...(context.actor === undefined ? {} : { actor: context.actor }),
      ...(context.correlationId === undefined ? {} : { correlationId: context.correlationId }),
      ...(this.isTest ? { test: true as const } : {}),
      data: { ...data },
    });
  }
}
