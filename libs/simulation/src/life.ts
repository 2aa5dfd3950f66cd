import {
  formatInstant,
  touchpointType,
  type Actor,
  type DataOf,
  type Instant,
  type TouchpointTypeName,
} from '#contracts';
import type { Random } from '#imports';
import type { DraftIdentifier, TouchpointDraft } from '#imports';
import type { Person } from './people.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** By which of their identifiers a channel knows them at a touchpoint. */
export type KnownBy = 'userId' | 'email' | 'phone' | 'loyaltyCard' | 'deviceId' | 'anonymousId';

/** The system that reports a touchpoint, where its group does not tell. Orders, contracts, quotes and cases are named within their source. */
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

export interface Occasion {
  readonly channel?: string;
  readonly source?: string;
  /** Their identifiers that this touchpoint carries; several link each other. Default: the ones that the customer goes by now. */
  readonly by?: readonly KnownBy[];
  readonly others?: readonly DraftIdentifier[];
  readonly actor?: Actor;
  readonly correlationId?: string;
}

/**
 * One simulated customer's life: it only goes forward, from them first day to the end of the period, and what happens after the end does not
 * happen. All chance comes from their own generator, so that their life is the same whoever else is simulated.
 */
export class Life {
  readonly touchpoints: TouchpointDraft[] = [];
  private count = 0;
  private names = 0;
  private goesBy: readonly KnownBy[] = ['userId'];
  private isTest = false;

  constructor(
    readonly person: Person,
    readonly random: Random,
    private readonly prefix: string,
    /** Now, in their life. */
    public at: Instant,
    readonly until: Instant,
    /** Somebody else in the simulation: a friend whom the customer recommends us to. */
    readonly friend: Person,
  ) {}

  /** Whether the period is over for them. */
  get over(): boolean {
    return this.at >= this.until;
  }

  get daysLeft(): number {
    return Math.max(0, (this.until - this.at) / DAY);
  }

  /** Lets so many days pass, at least `low`, at most `high`, and comes to an hour of waking. True while the period lasts. */
  days(low: number, high: number = low): boolean {
    const passed = this.at + this.random.between(low, high) * DAY;
    const day = Math.floor(passed / DAY) * DAY;
    this.at = Math.max(this.at, day + 7 * HOUR + this.random.below(14 * 60) * MINUTE);
    return !this.over;
  }

  minutes(low: number, high: number = low): void {
    this.at += this.random.between(low, high) * MINUTE + this.random.below(60) * 1000;
  }

  /** From here on the channels know them by these. */
  goBy(...known: readonly KnownBy[]): void {
    this.goesBy = known;
  }

  /** Marks all that follows as test traffic. */
  asTest(): void {
    this.isTest = true;
  }

  /** A name for an order, a case, a contract of theirs: unique in the simulation. */
  name(kind: string): string {
    this.names += 1;
    return `${kind}-${this.prefix}-${this.names}`;
  }

  /** Something happens now. */
  touch<Name extends TouchpointTypeName>(type: Name, data: DataOf<Name>, occasion: Occasion = {}): void {
    if (this.over) return;
    const group = touchpointType(type)?.group ?? 'awareness';
    this.count += 1;
    const self = (occasion.by ?? this.goesBy).map((namespace) => ({ namespace, value: this.person[namespace] }));
    this.touchpoints.push({
      id: `${this.prefix}-${this.count}`,
      source: occasion.source ?? SOURCES[group],
      type,
      occurredAt: formatInstant(this.at),
      channel: occasion.channel ?? 'web',
      identifiers: occasion.others === undefined ? self : [...self, ...occasion.others],
      ...(occasion.actor === undefined ? {} : { actor: occasion.actor }),
      ...(occasion.correlationId === undefined ? {} : { correlationId: occasion.correlationId }),
      ...(this.isTest ? { test: true as const } : {}),
      data: { ...data },
    });
  }
}
