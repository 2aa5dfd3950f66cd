import { HOUR } from '#contracts';
import type { Acts, Clock } from '#platform';

/** What sign-ins are counted by: known keys, people of the identity provider, and the reasons for which people were rejected. */
const KINDS = ['attempts', 'people', 'reasons'] as const;
type Kind = (typeof KINDS)[number];
type Sums = Readonly<Record<Kind, Map<string, number>>>;

/** Above so many people in an hour the others are counted together. */
const PEOPLE_MAX = 1_000;
const OTHERS = 'others';

const noSums = (): Sums => ({ attempts: new Map(), people: new Map(), reasons: new Map() });

/** Sums up which sign-ins were rejected, and records it hourly: an attempt is never an event of its own. */
export class RejectedSignIns {
  private sums = noSums();
  private from = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly acts: Acts,
    private readonly clock: Clock,
  ) {}

  /** A known key came with a wrong secret. */
  countKey(keyId: string): void {
    this.count('attempts', keyId);
  }

  /** A token or a session was rejected, for a reason such as `invalid-token`; of a person, where it is known whose it was (`person:…`). */
  countPerson(reason: string, principal: string | null): void {
    this.count('reasons', reason);
    if (principal === null) return;
    const { people } = this.sums;
    this.count('people', people.has(principal) || people.size < PEOPLE_MAX ? principal : OTHERS);
  }

  /** Records what was counted. Where the log does not answer, the counts are kept, and recorded with those of the next hour. */
  async flush(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const { sums, from } = this;
    if (KINDS.every((kind) => sums[kind].size === 0)) return;
    this.sums = noSums();
    try {
      const { attempts, people, reasons } = sums;
      const data = {
        ...{ from, until: this.clock.now(), attempts: Object.fromEntries(attempts) },
        ...(people.size === 0 ? {} : { people: Object.fromEntries(people) }),
        ...(reasons.size === 0 ? {} : { reasons: Object.fromEntries(reasons) }),
      };
      await this.acts.record({ name: 'sign-in-rejected', by: 'local', data });
    } catch {
      for (const kind of KINDS) for (const [id, count] of sums[kind]) this.count(kind, id, count);
    }
  }

  private count(kind: Kind, id: string, by = 1): void {
    const counts = this.sums[kind];
    counts.set(id, (counts.get(id) ?? 0) + by);
    if (this.timer !== null) return;
    this.from = this.clock.now();
    this.timer = setTimeout(() => void this.flush(), HOUR);
    this.timer.unref();
  }
}
