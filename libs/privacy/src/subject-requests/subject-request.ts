import {
  STREAMS,
  upcast,
  type Data,
  type Instant,
  type SubjectRequestAnswered,
  type SubjectRequestExtended,
  type SubjectRequestKind,
  type SubjectRequestOutcome,
  type SubjectRequestReceived,
} from '#contracts';
import type { EventLog, RecordedEvent } from '#event-log';

/** A request of a data subject as the log has it. */
export interface SubjectRequest {
  readonly requestId: string;
  readonly kind: SubjectRequestKind;
  readonly subjectIds: readonly string[];
  readonly customerId: string | null;
  readonly receivedAt: Instant;
  readonly recordedAt: Instant;
  /** The last day on which it may be answered: extended, where it was. */
  readonly dueOn: string;
  readonly timeZone: string;
  readonly extendedAt: Instant | null;
  readonly answeredAt: Instant | null;
  readonly outcome: SubjectRequestOutcome | null;
  /** SHA-256 of the manifest of what was handed over. */
  readonly digest: string | null;
  /** Who recorded it, and who answered it. */
  readonly by: string | null;
  readonly answeredBy: string | null;
  /** Where in the log it stands. */
  readonly position: number;
  /** What people wrote, sealed under the key of the request. */
  readonly sealed: {
    readonly received: string | null;
    readonly extension: string | null;
    readonly answer: string | null;
  };
}

/** The requests by their ids, in the order in which they were recorded. */
export type SubjectRequests = ReadonlyMap<string, SubjectRequest>;

export const NO_REQUESTS: SubjectRequests = new Map();

/** The requests after these events of their stream. Events of other types, and of requests that are not known, change nothing. */
export function foldSubjectRequests(requests: SubjectRequests, events: readonly RecordedEvent[]): SubjectRequests {
  const folded = new Map(requests);
  for (const { type, schemaVersion, data, meta, occurredAt, recordedAt, position } of events) {
    if (!TYPES.has(type)) continue;
    const fact = upcast(type, schemaVersion, JSON.parse(data) as Data) as unknown as Fact;
    const { by = null } = JSON.parse(meta) as { readonly by?: string };
    const known = folded.get(fact.requestId);
    if (type === 'subject-request-received') {
      if (known !== undefined) continue;
      const { requestId, kind, subjectIds, customerId, receivedAt, dueOn, timeZone, sealed = null } = fact as Received;
      folded.set(requestId, {
        ...{ requestId, kind, subjectIds, customerId, receivedAt, recordedAt, dueOn, timeZone, by, position },
        ...{ extendedAt: null, answeredAt: null, outcome: null, digest: null, answeredBy: null },
        sealed: { received: sealed, extension: null, answer: null },
      });
    } else if (known === undefined || known.answeredAt !== null) continue;
    else if (type === 'subject-request-extended') {
      const { dueOn, sealed = null } = fact as Extended;
      folded.set(known.requestId, {
        ...{ ...known, dueOn, extendedAt: occurredAt },
        sealed: { ...known.sealed, extension: sealed },
      });
    } else {
      const { outcome, digest = null, sealed = null } = fact as Answered;
      folded.set(known.requestId, {
        ...{ ...known, answeredAt: occurredAt, outcome, digest, answeredBy: by },
        sealed: { ...known.sealed, answer: sealed },
      });
    }
  }
  return folded;
}

type Received = SubjectRequestReceived & { readonly sealed?: string };
type Extended = SubjectRequestExtended & { readonly sealed?: string };
type Answered = SubjectRequestAnswered & { readonly sealed?: string };
type Fact = Received | Extended | Answered;

const TYPES = new Set(['subject-request-received', 'subject-request-extended', 'subject-request-answered']);

/** Reads the requests of a log, and goes on from where it stopped: they only grow in number. */
export class SubjectRequestLedger {
  private requests = NO_REQUESTS;
  private revision = 0;
  private reading: Promise<void> = Promise.resolve();

  constructor(private readonly log: Pick<EventLog, 'read'>) {}

  /** All requests on record, and the revision of the last fact about them; null where there is none. */
  async read(): Promise<{ readonly requests: SubjectRequests; readonly last: number | null }> {
    // One after the other, so that no page is folded twice; a reading that failed does not fail the next one.
    this.reading = this.reading.catch(() => undefined).then(() => this.readOn());
    await this.reading;
    return { requests: this.requests, last: this.revision === 0 ? null : this.revision - 1 };
  }

  private async readOn(): Promise<void> {
    for await (const page of this.log.read(STREAMS.dataSubjects, this.revision)) {
      this.requests = foldSubjectRequests(this.requests, page);
      this.revision = (page.at(-1)?.revision ?? this.revision - 1) + 1;
    }
  }
}
