import { createHash, randomUUID } from 'node:crypto';
import { factOf, formatInstant, STREAMS, validateFact, type PersonalDataOpened } from '#contracts';
import type { Queryable } from '#database';
import type { EventLog, NewEvent } from '#event-log';
import type { Sealer } from '#keys';
import { purposesOf } from '#lifecycle';
import {
  actorOf,
  type Clock,
  type Opening,
  type OpeningRequest,
  type Openings,
  type PersonalDataState,
  CLOSED_BY_RESTRICTION,
} from '#platform';
import { decideOpening } from './decide-opening.js';
import { GroupedAppends } from './grouped-appends.js';
import { PURPOSES_DESPITE_RESTRICTION, RestrictedPersons } from '../restrictions/restricted-persons.js';
import { PolicyInForce } from './policy-in-force.js';

/** The source of what is recorded about access: no channel may send under it. */
const SOURCE = 'perennial/access';
const TYPE = 'personal-data-opened';
const DAY_LENGTH = 10;
/** An event names at most so many subjects and bodies: an opening of more has several events. */
export const IDS_PER_EVENT = 500;

export interface OpeningDependencies {
  readonly log: Pick<EventLog, 'append' | 'read'>;
  readonly sealer: Sealer;
  readonly clock: Clock;
  /** Where links tell which subjects are one person; null or absent in a process without read models. */
  readonly database?: Pick<Queryable, 'query'> | null;
  /**
   * Called before anything is recorded, with how many subjects a principal is about to open: a rate limit rejects here, and then nothing is opened.
   * @throws what the answer is to say
   */
  readonly beforeOpening?: (opening: Opening, subjects: number) => void | Promise<void>;
  /** Called after an opening was recorded. */
  readonly onRecorded?: (opening: Opening, subjects: number) => void;
}

/** Records who opened whose personal data, for what: in the event log, before the clear text leaves the engine. */
export class RecordedOpenings implements Openings {
  private readonly policy: PolicyInForce;
  private readonly appends: GroupedAppends;
  private readonly restricted: RestrictedPersons;

  constructor(private readonly dependencies: OpeningDependencies) {
    this.policy = new PolicyInForce(dependencies.log, dependencies.clock);
    this.appends = new GroupedAppends(dependencies.log);
    this.restricted = new RestrictedPersons(dependencies.log, dependencies.database ?? null);
  }

  async decide(request: OpeningRequest, about: readonly string[] = []): Promise<PersonalDataState> {
    // The common case of a caller without the permission needs no policy.
    const purposes = request.principal.permissions.has('open') ? purposesOf(await this.policy.now()) : [];
    const state = decideOpening(
      request,
      purposes.map(({ name }) => name),
    );
    if (state.state === 'closed' || about.length === 0) return state;
    const restricted = await this.restrictedAmong(about, state.purpose);
    return restricted.size === 0 ? state : CLOSED_BY_RESTRICTION;
  }

  async restrictedAmong(ids: readonly string[], purpose: string): Promise<ReadonlySet<string>> {
    return PURPOSES_DESPITE_RESTRICTION.has(purpose) ? new Set() : this.restricted.among(ids);
  }

  /**
   * @throws EventLogError, KeyStoreError where a store does not answer: then no clear text may be sent
   */
  async recordOpening(opening: Opening): Promise<void> {
    const subjects = opening.subjects.size + (opening.bodies?.size ?? 0);
    if (subjects === 0) return;
    await this.dependencies.beforeOpening?.(opening, subjects);
    const occurredAt = this.dependencies.clock.now();
    const events = await Promise.all(partsOf(opening).map((part) => this.event(opening, part, occurredAt)));
    await this.appends.append(STREAMS.access(formatInstant(occurredAt).slice(0, DAY_LENGTH)), events);
    this.dependencies.onRecorded?.(opening, subjects);
  }

  private async event(opening: Opening, part: Part, occurredAt: number): Promise<NewEvent> {
    const { purpose, ticket, reason, kind, query, parameters, columns, requestId, principal } = opening;
    const id = randomUUID().replaceAll('-', '');
    const sealedReason = reason === null ? null : await this.sealed(id, reason, [...part.subjectIds, ...part.bodies]);
    const data: PersonalDataOpened = {
      purpose,
      ...(ticket === null ? {} : { ticket }),
      ...{
        kind,
        query,
        parameters: this.dependencies.sealer.keyedId(`${query}\0${JSON.stringify(parameters ?? null)}`),
      },
      ...{ columns: [...columns], subjectIds: part.subjectIds },
      ...(part.bodies.length === 0 ? {} : { quarantineIds: part.bodies }),
      ...{ count: part.count, requestId },
      ...(sealedReason === null ? {} : { sealedReason }),
    };
    const version = factOf(TYPE)?.version ?? 0;
    const validity = validateFact(TYPE, version, data);
    if (!validity.ok)
      throw new TypeError(`The data of a ${TYPE} violate their contract: ${JSON.stringify(validity.errors)}`);
    const text = JSON.stringify(data);
    return {
      ...{ source: SOURCE, id, type: TYPE, schemaVersion: version, occurredAt },
      contentHash: createHash('sha256').update(text).digest().subarray(0, 16),
      ...{ meta: JSON.stringify({ by: actorOf(principal) }), data: text },
    };
  }

  /** The reason under a key of its own, which goes with the key of any of these; null where one of them was erased by now. */
  private async sealed(id: string, reason: string, listedUnder: readonly string[]): Promise<string | null> {
    const { sealer } = this.dependencies;
    const [key] = await sealer.keys.createListed([{ id, listedUnder }]);
    return key === undefined || key === 'erased' ? null : sealer.seal(key, reason);
  }
}

/** What one event names of an opening. */
interface Part {
  readonly subjectIds: string[];
  readonly bodies: string[];
  readonly count: number;
}

function partsOf({ subjects, bodies = new Map() }: Pick<Opening, 'subjects' | 'bodies'>): readonly Part[] {
  const all = [
    ...[...subjects].map(([id, count]) => ({ id, count, isBody: false })),
    ...[...bodies].map(([id, count]) => ({ id, count, isBody: true })),
  ];
  const parts: Part[] = [];
  for (let at = 0; at < all.length; at += IDS_PER_EVENT) {
    const some = all.slice(at, at + IDS_PER_EVENT);
    parts.push({
      subjectIds: some.filter(({ isBody }) => !isBody).map(({ id }) => id),
      bodies: some.filter(({ isBody }) => isBody).map(({ id }) => id),
      count: some.reduce((sum, { count }) => sum + count, 0),
    });
  }
  return parts;
}
