import { subjectOfStream, type Instant, type SealedIdentifier, type TouchpointMeta } from '#contracts';
import type { Row } from '#database';
import type { Receipt, RecordedEvent } from '#event-log';
import { decisionOf, linkOfMerge, type CustomerLink } from '#lifecycle';
import { concernsMembership, membershipChangeRow } from '../read-models/accounts/membership-changes.js';
import type { MentionFact } from '../read-models/mentions/projection.js';
import { countTouchpoint, emptyBooks, type SourceBooks } from '../read-models/completeness/projection.js';

/** A subject as some events show it. */
export interface SubjectFact {
  readonly subjectId: string;
  readonly namespace: string;
  readonly firstPosition: number;
  firstSeenAt: Instant;
  readonly sealed: string | null;
}

/** Two subjects that one touchpoint carries as `self`, or that a merge names; a < b. */
export interface LinkFact {
  readonly a: string;
  readonly b: string;
  readonly occurredAt: Instant;
  readonly recordedAt: Instant;
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly origin: CustomerLink['origin'];
  readonly position: number;
}

/** What the indexer reads from a stretch of the log. Nothing here needs the database. */
export interface PageFacts {
  readonly subjects: Map<string, SubjectFact>;
  readonly links: LinkFact[];
  /** What operators decided about customers, in log order. The links of merges stand among the links too. */
  readonly decisions: RecordedEvent[];
  readonly mentions: MentionFact[];
  /** Rows of `membership_changes`. */
  readonly memberships: Row[];
  /** The touchpoints by the subject whose stream holds them, in log order. */
  readonly touched: Map<string, RecordedEvent[]>;
  readonly receipts: Receipt[];
  readonly books: SourceBooks;
  readonly quarantine: RecordedEvent[];
  readonly openings: RecordedEvent[];
  readonly policies: RecordedEvent[];
  readonly types: RecordedEvent[];
  /** Segments that were defined or removed, in log order. */
  readonly segments: RecordedEvent[];
  /** Definitions of attributes that were made or removed, in log order. */
  readonly attributes: RecordedEvent[];
  readonly erasures: RecordedEvent[];
  /** Restrictions of processing that were placed or lifted, in log order. */
  readonly restrictions: RecordedEvent[];
  /** Suppressions that were added or lifted, in log order. */
  readonly suppressions: RecordedEvent[];
  /** Touchpoints whose metadata could not be read, with the reason. */
  readonly unreadable: { readonly event: RecordedEvent; readonly subjectId: string; readonly reason: string }[];
}

export function emptyFacts(): PageFacts {
  return {
    subjects: new Map(),
    links: [],
    decisions: [],
    mentions: [],
    memberships: [],
    touched: new Map(),
    receipts: [],
    books: emptyBooks(),
    quarantine: [],
    openings: [],
    policies: [],
    types: [],
    segments: [],
    attributes: [],
    erasures: [],
    restrictions: [],
    suppressions: [],
    unreadable: [],
  };
}

/** Adds events to the facts, in log order. `keepTouchpoints` false leaves `touched` empty: a scan for links alone then holds no event. */
export function gather(facts: PageFacts, events: readonly RecordedEvent[], keepTouchpoints = true): PageFacts {
  for (const event of events) {
    const subjectId = subjectOfStream(event.stream);
    if (subjectId !== null) {
      countTouchpoint(facts.books, event);
      if (concernsMembership(event)) {
        const change = membershipChangeRow(event, subjectId);
        if (change !== null) facts.memberships.push(change);
      }
      gatherTouchpoint(facts, event, subjectId, keepTouchpoints);
    } else gatherOther(facts, event);
  }
  return facts;
}

function gatherTouchpoint(facts: PageFacts, event: RecordedEvent, subjectId: string, keep: boolean): void {
  if (keep) {
    const list = facts.touched.get(subjectId);
    if (list === undefined) facts.touched.set(subjectId, [event]);
    else list.push(event);
  }
  const known = facts.subjects.get(subjectId);
  if (known !== undefined && isAlone(event.meta)) {
    // One identifier, whose subject is known already: the rest need not be parsed.
    if (event.occurredAt < known.firstSeenAt) known.firstSeenAt = event.occurredAt;
    return;
  }
  const { position, source, id } = event;
  const selves: SealedIdentifier[] = [];
  try {
    const { identifiers, test } = JSON.parse(event.meta) as TouchpointMeta;
    for (const identifier of identifiers) {
      const { role, namespace, subjectId: its } = identifier;
      // Test traffic links nothing: it would merge customers.
      if (role === 'self' && (test !== true || its === subjectId)) selves.push(identifier);
      else if (its !== subjectId) facts.mentions.push({ subjectId: its, position, role, namespace, source, id });
    }
  } catch (error) {
    facts.unreadable.push({ event, subjectId, reason: (error as Error).message });
  }
  seen(facts, event, subjectId, selves.find((identifier) => identifier.subjectId === subjectId) ?? null);
  for (const identifier of selves) {
    if (identifier.subjectId === subjectId) continue;
    seen(facts, event, identifier.subjectId, identifier);
    facts.links.push(linkFact(event, subjectId, identifier.subjectId, originOf(event)));
  }
}

/** A `profile-updated` is what a login or an identify call sends: it states who a person is. Any other touchpoint shows identifiers beside each other. */
const originOf = ({ type }: RecordedEvent): LinkFact['origin'] =>
  type === 'profile-updated' ? 'identify' : 'touchpoint';

function linkFact(event: RecordedEvent, one: string, other: string, origin: LinkFact['origin']): LinkFact {
  const { occurredAt, recordedAt, source, id, type, position } = event;
  const [a, b] = one < other ? [one, other] : [other, one];
  return { a, b, occurredAt, recordedAt, source, id, type, origin, position };
}

function gatherDecision(facts: PageFacts, event: RecordedEvent): void {
  facts.decisions.push(event);
  const decision = decisionOf(event);
  if (decision?.kind !== 'merge') return;
  const { a, b, origin } = linkOfMerge(decision);
  facts.links.push(linkFact(event, a, b, origin));
}

/** Whether the metadata name one subject only: a search in the text, since most of them do and parsing JSON costs more. */
function isAlone(meta: string): boolean {
  const first = meta.indexOf('"subjectId"');
  return first !== -1 && meta.indexOf('"subjectId"', first + 11) === -1;
}

function seen(facts: PageFacts, event: RecordedEvent, subjectId: string, identifier: SealedIdentifier | null): void {
  const known = facts.subjects.get(subjectId);
  if (known === undefined)
    facts.subjects.set(subjectId, {
      subjectId,
      namespace: identifier?.namespace ?? 'unknown',
      firstPosition: event.position,
      firstSeenAt: event.occurredAt,
      sealed: identifier?.sealed ?? null,
    });
  else if (event.occurredAt < known.firstSeenAt) known.firstSeenAt = event.occurredAt;
}

function gatherOther(facts: PageFacts, event: RecordedEvent): void {
  switch (event.type) {
    case 'intake-receipt':
      facts.receipts.push(JSON.parse(event.data) as Receipt);
      return;
    case 'event-quarantined':
    case 'event-released':
    case 'event-discarded':
      facts.quarantine.push(event);
      return;
    case 'personal-data-opened':
      facts.openings.push(event);
      return;
    case 'policy-published':
      facts.policies.push(event);
      return;
    case 'type-registered':
      facts.types.push(event);
      return;
    case 'segment-defined':
    case 'segment-removed':
      facts.segments.push(event);
      return;
    case 'attribute-defined':
    case 'attribute-removed':
      facts.attributes.push(event);
      return;
    case 'source-closed':
      facts.books.closings.push(event);
      return;
    case 'person-erased':
      facts.erasures.push(event);
      return;
    case 'restriction-placed':
    case 'restriction-lifted':
      facts.restrictions.push(event);
      return;
    case 'customers-merged':
    case 'customers-unmerged':
    case 'customers-kept-apart':
    case 'keep-apart-lifted':
      gatherDecision(facts, event);
      return;
    case 'suppression-added':
    case 'suppression-lifted':
      facts.suppressions.push(event);
      return;
    default:
      // Other business facts concern no read model.
      return;
  }
}

/** The subjects that a restriction names: also when it is lifted. */
export function subjectsOfRestriction(event: RecordedEvent): readonly string[] {
  return (JSON.parse(event.data) as { readonly subjectIds?: readonly string[] }).subjectIds ?? [];
}

/** The subjects that an erasure names, and when it was made: a restore records one from the journal later than that. */
export function erasureOf(event: RecordedEvent): { readonly subjectIds: readonly string[]; readonly at: number } {
  const data = JSON.parse(event.data) as { readonly subjectIds?: readonly string[] };
  return { subjectIds: data.subjectIds ?? [], at: event.occurredAt };
}
