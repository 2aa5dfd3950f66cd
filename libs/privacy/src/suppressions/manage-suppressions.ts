import { STREAMS, type SuppressionReason } from '#contracts';
import type { EventLog, NewEvent } from '#event-log';
import type { Identities } from '#ingestion';
import type { Sealer } from '#keys';
import type { Clock } from '#platform';
import { sealedIdentifiers } from '../holds/sealed-identifiers.js';
import {
  suppressionAddedEvent,
  suppressionIdOf,
  suppressionLiftedEvent,
  type SuppressionAdded,
} from './suppression-facts.js';
import type { Suppression, SuppressionRegister } from './suppression-register.js';

/** An identifier that is to be suppressed. */
export interface NewSuppression {
  readonly namespace: string;
  readonly value: string;
  readonly reason: SuppressionReason;
  /** Null: every medium. */
  readonly medium: string | null;
  /** RFC 3339; null: until it is lifted. */
  readonly expiresAt: string | null;
}

export interface SuppressionDependencies {
  readonly log: EventLog;
  readonly identities: Pick<Identities, 'of'>;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly register: SuppressionRegister;
}

/** Adds to the suppression list and lifts from it. Each is a fact in the log; it holds from then on, also for persons who are not known yet. */
export class ManageSuppressions {
  constructor(private readonly dependencies: SuppressionDependencies) {}

  /**
   * Adds identifiers, in one append, and resolves with their suppressions in order. One that stands already, for the same medium, reason and expiry, is the
   * answer. Of erased persons the hash alone is kept.
   */
  async add(entries: readonly NewSuppression[], by: string): Promise<readonly Suppression[]> {
    const { log, identities, sealer, clock, register } = this.dependencies;
    await register.load();
    const now = clock.now();
    const names = new Map(
      (await sealedIdentifiers({ identities, sealer }, entries)).map((one) => [one.subjectId, one] as const),
    );
    const events = new Map<string, NewEvent>();
    const ids = entries.map(({ namespace, value, reason, medium, expiresAt }) => {
      const { subjectId } = identities.of(namespace, value);
      const same = register.of(subjectId).filter((one) => one.reason === reason && (one.medium ?? null) === medium);
      const standing = same.find((one) => one.lifted === null && (one.expiresAt ?? null) === expiresAt);
      if (standing !== undefined) return standing.suppressionId;
      const data: SuppressionAdded = {
        ...{ suppressionId: '', subjectId, namespace, reason },
        ...(medium === null ? {} : { medium }),
        ...(expiresAt === null ? {} : { expiresAt }),
      };
      const suppressionId = suppressionIdOf(data, same.length);
      const name = names.get(subjectId);
      const meta = { by, identifiers: name === undefined ? [] : [name] };
      // The same identifier twice in one list counts once; the last expiry stands.
      events.set(suppressionId, suppressionAddedEvent({ ...data, suppressionId }, meta, now));
      return suppressionId;
    });
    await record(log, [...events.values()]);
    await register.load();
    return ids.map((id) => register.find(id) as Suppression);
  }

  /** Twice is the same as once. Null where no suppression has this id. */
  async lift(suppressionId: string, by: string): Promise<Suppression | null> {
    const { log, clock, register } = this.dependencies;
    await register.load();
    const known = register.find(suppressionId);
    if (known === null || known.lifted !== null) return known;
    const { subjectId } = known;
    await record(log, [suppressionLiftedEvent({ suppressionId, subjectId }, { by }, clock.now())]);
    await register.load();
    return register.find(suppressionId);
  }
}

async function record(log: Pick<EventLog, 'appendMany'>, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  const verdicts = await log.appendMany(events.map((event) => ({ stream: STREAMS.suppressions, event })));
  const failed = verdicts.findIndex(({ status }) => status !== 'accepted' && status !== 'duplicate');
  if (failed >= 0) throw new Error(`The log did not record ${events[failed]?.type} (${verdicts[failed]?.status}).`);
}
