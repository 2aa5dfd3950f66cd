import { DAY, STREAMS, type ValidationIssue, type Instant } from '#contracts';
import type { AppendItem } from '#event-log';
import type { KeyState, Sealer } from '#keys';
import { factEvent } from '../facts/fact-event.js';
import { OWN_SOURCES } from './envelope.js';
import type { Erased } from '../quarantine/erased-persons.js';
import { findSubjects } from './found-identifiers.js';
import { issuesOnRecord, rowIssuesOnRecord } from './issues-on-record.js';
import type { Identities } from './identities.js';
import type { Ingestion } from './ingestion.js';
import type { IngestItem, Provenance } from './item.js';
import type { RejectedUnder } from './publisher.js';
import { Rejection } from './rejection.js';
import type { Steps } from './turns.js';

/** The data of an `event-quarantined`. They hold no value of the body. */
export interface QuarantinedData {
  readonly source: string | null;
  /** The source that an event names whose publisher may not speak for it; `source` is then the publisher's own line. */
  readonly claimedSource?: string;
  readonly eventId: string | null;
  readonly type: string | null;
  readonly code: string;
  readonly pointer: string;
  readonly detail: string;
  readonly hint: string;
  /** All issues, where there is more than one. */
  readonly issues?: readonly ValidationIssue[];
  readonly receivedAt: Instant;
  /** The customer's subject, where the body has its identifiers in our form. */
  readonly subjectId?: string;
  /** The place of a row in its file. */
  readonly file?: string;
  readonly line?: number;
  /** The row by its content. */
  readonly row?: string;
  /** True where the body was too large to be kept whole: then it can only be released with a fixed one. */
  readonly cut?: true;
}

/** The metadata of an `event-quarantined`: the body, sealed under the key named by the quarantine's own id. */
export interface QuarantinedMeta {
  readonly sealed: string;
  /** What brought it; absent in events of before it was kept. */
  readonly by?: string;
  /** Whether it came by an entrance for facts of the business. */
  readonly fact?: true;
  /** What `sentAt` is compared with when it is released (see `arrivalOf`); absent where the event was kept in between. */
  readonly arrivedAt?: Instant;
  /** Its place in a channel's topic, and its key and headers, sealed under the same key. */
  readonly provenance?: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly sealed: string;
  };
}

/** The quarantine record of an event, before its body is sealed. */
export interface QuarantineDraft {
  readonly quarantineId: string;
  readonly stream: string;
  readonly by: string;
  readonly isFact: boolean;
  readonly source: string | null;
  readonly eventId: string | null;
  /** The subjects that its body names. */
  readonly listedUnder: readonly string[];
  /** When its body can no longer be opened: where it cannot be searched to its end for the persons in it; else null. */
  readonly keepUntil: Instant | null;
  readonly body: string;
  /** For the sender, who wrote the names in them. */
  readonly issues: readonly [ValidationIssue, ...ValidationIssue[]];
  readonly data: QuarantinedData;
  readonly arrivedAt: Instant | null;
  readonly provenance: Provenance | null;
}

/** How long a body is kept that cannot be searched to its end: an erasure might not find it. */
export const UNSEARCHED_KEPT_MS = 30 * DAY;
const BODY_MAX = 256 * 1024;
const NAME_MAX = 512;

/**
 * The step: makes the record of a rejected event, itself in steps, since its body is searched. The same bad event gets the same id again, so that the log
 * finds the duplicate.
 */
export function* quarantineEvent(
  item: IngestItem,
  rejection: Rejection,
  {
    receivedAt,
    arrivedAt,
    by,
    under,
  }: {
    readonly receivedAt: Instant;
    readonly arrivedAt: Instant | null;
    readonly by: string;
    /** Where it is kept, if its publisher may not speak for its source. */
    readonly under: RejectedUnder | null;
  },
  {
    identities,
    sealer,
    contracts,
    erased,
  }: Pick<Ingestion, 'identities' | 'sealer' | 'contracts'> & {
    readonly erased: Erased;
  },
): Steps<QuarantineDraft> {
  const { document, provenance = null } = item;
  const at = provenance === null ? (item.at ?? item.origin) : messagePlace(provenance);
  const named = nameIn(document, 'source');
  const source = under?.line ?? named;
  const eventId = nameIn(document, 'id');
  const { text: whole, isJson } =
    item.text === undefined ? textOf(document) : { text: JSON.stringify(item.text), isJson: true };
  const cut = !isJson || whole.length > BODY_MAX;
  const body = cut ? whole.slice(0, BODY_MAX) : whole;
  const searched = item.text === undefined ? document : [document, item.text];
  const found = yield* findSubjects(provenance === null ? searched : [searched, provenance], identities, erased);
  const issues =
    item.at === undefined
      ? issuesOnRecord(rejection.issues, document, contracts, item.isCall)
      : rowIssuesOnRecord(rejection.issues);
  const [first] = issues;
  const subjectId = subjectIn(document, identities);
  const place = placeOf(item, item.origin === undefined ? null : rejection.code + rejection.issues[0].detail);
  const quarantineId = quarantineIdOf({ source, eventId, place, whole }, sealer);
  return {
    quarantineId,
    stream: under === null ? STREAMS.quarantine(quarantineId) : STREAMS.rejected(under.id),
    by,
    isFact: item.isFact === true,
    source,
    eventId,
    listedUnder: found.subjectIds,
    keepUntil: found.whole && !cut ? null : receivedAt + UNSEARCHED_KEPT_MS,
    body,
    arrivedAt,
    provenance,
    issues: rejection.issues,
    data: {
      source,
      ...(under === null || named === null ? {} : { claimedSource: named }),
      eventId,
      type: typeIn(document),
      code: rejection.code,
      pointer: first.pointer,
      detail: first.detail,
      hint: first.hint,
      ...(issues.length > 1 ? { issues } : {}),
      receivedAt,
      ...(subjectId === null ? {} : { subjectId }),
      ...(at === undefined
        ? {}
        : { file: provenance === null ? fileOnRecord(at.file, sealer) : at.file, line: at.line }),
      ...(item.origin === undefined ? {} : { row: item.origin.row }),
      ...(cut ? { cut } : {}),
    },
  };
}

/** A file is named in the clear, unless its name holds an address or a telephone number: then by a keyed hash, the same for the same name. */
const fileOnRecord = (file: string, sealer: Sealer): string =>
  /@|%40|\+\d{7}/.test(file) ? `file ${sealer.keyedId(`file\0${file}`).slice(0, 12)}` : file;

/** A message in its partition is shown like a row in its file. */
function messagePlace({ topic, partition, offset }: Provenance): IngestItem['at'] {
  return { file: `${topic}/${partition}`, line: offset };
}

/** The same for the same body from the same place. */
export function quarantineIdOf(
  {
    source,
    eventId,
    place,
    whole,
  }: {
    readonly source: string | null;
    readonly eventId: string | null;
    readonly place: string;
    readonly whole: string;
  },
  sealer: Sealer,
): string {
  return sealer.keyedId(`quarantine\0${source ?? ''}\0${eventId ?? ''}\0${place}\0${whole}`);
}

/**
 * Two rows of a file, or two messages of a topic, are two bad events, though they say the same. So is a row that a later mapping cannot read for
 * another reason: that one replaces the first.
 */
export function placeOf(
  item: {
    readonly at?: { readonly line: number } | undefined;
    readonly provenance?: Pick<Provenance, 'topic' | 'partition' | 'offset'> | undefined;
  },
  reason: string | null,
): string {
  const { at, provenance } = item;
  if (provenance !== undefined) return `${provenance.topic}/${provenance.partition}/${provenance.offset}`;
  if (at === undefined) return '';
  return reason === null ? String(at.line) : `${at.line}\0${reason}`;
}

/** The same from what is on record. The place of a touchpoint that came from a row is recorded, and no part of its id. */
export function placeOnRecord(
  { line, row, eventId, code, detail }: QuarantinedData,
  provenance: Pick<Provenance, 'topic' | 'partition' | 'offset'> | undefined,
): string {
  const isRow = row === undefined || row === eventId;
  const at = line === undefined || !isRow ? undefined : { line };
  return placeOf({ at, provenance }, row === undefined ? null : code + detail);
}

/** The step: seals the body and completes the record. Null where a person in the body was erased: nothing of it is kept. */
export function sealQuarantined(
  { quarantineId, stream, by, isFact, body, data, arrivedAt, provenance }: QuarantineDraft,
  key: KeyState,
  sealer: Sealer,
): AppendItem | null {
  if (key === 'erased') return null;
  const sealed = sealer.seal(key, body);
  const meta: QuarantinedMeta = {
    sealed,
    by,
    ...(isFact ? { fact: true as const } : {}),
    ...(arrivedAt === null ? {} : { arrivedAt }),
    ...(provenance === null ? {} : { provenance: sealedPlace(provenance, (text) => sealer.seal(key, text)) }),
  };
  return {
    stream,
    event: factEvent({
      name: 'event-quarantined',
      source: OWN_SOURCES.quarantine,
      id: quarantineId,
      occurredAt: data.receivedAt,
      contentHash: Buffer.from(quarantineId, 'hex'),
      meta,
      data,
    }),
  };
}

function sealedPlace({ topic, partition, offset, key, headers }: Provenance, seal: (text: string) => string) {
  return { topic, partition, offset, sealed: seal(JSON.stringify({ key, headers })) };
}

/** A name in a document that the log could hold; null where there is none. */
export function nameIn(document: unknown, field: 'source' | 'id' | 'type'): string | null {
  if (typeof document !== 'object' || document === null) return null;
  const value = (document as Readonly<Record<string, unknown>>)[field];
  const readable =
    typeof value === 'string' && value !== '' && value.length <= NAME_MAX && !/\0|\p{Surrogate}/u.test(value);
  return readable ? value : null;
}

/** What a type may be called: anything else may be an address, or a sentence. */
const TYPE_NAME = /^[A-Za-z][\w.:/-]{0,127}$/;

function typeIn(document: unknown): string | null {
  const type = nameIn(document, 'type');
  return type !== null && TYPE_NAME.test(type) && !/\d{7}/.test(type) ? type : null;
}

/** The strongest subject that a document names in our form, as far as its identifiers can be read. */
export function subjectIn(document: unknown, identities: Identities): string | null {
  const identifiers = (document as { readonly identifiers?: unknown } | null | undefined)?.identifiers;
  if (!Array.isArray(identifiers)) return null;
  const readable = identifiers.slice(0, 32).filter(isIdentifier);
  const identified = identities.identify(readable);
  return identified instanceof Rejection ? null : identified.self.subjectId;
}

function isIdentifier(value: unknown): value is { readonly namespace: string; readonly value: string } {
  const { namespace, value: named } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return typeof namespace === 'string' && namespace.length <= 64 && typeof named === 'string' && named.length <= 512;
}

/** The body as JSON text. One that is too deep to be read again is kept as mere text: so two of them are told apart. */
function textOf(document: unknown): { readonly text: string; readonly isJson: boolean } {
  try {
    return { text: JSON.stringify(document) ?? 'null', isJson: true };
  } catch {
    return { text: deepText(document), isJson: false };
  }
}

/** What JSON.stringify writes, at any depth. */
function deepText(document: unknown): string {
  const parts: string[] = [];
  /** What is still to be written, the next one last: a value, or a piece of text. */
  const pending: { readonly value?: unknown; readonly text?: string }[] = [{ value: document }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, text } = next;
    if (text !== undefined) parts.push(text);
    else if (Array.isArray(value)) {
      parts.push('[');
      pending.push({ text: ']' });
      for (let at = value.length - 1; at >= 0; at -= 1) {
        pending.push({ value: value[at] as unknown });
        if (at > 0) pending.push({ text: ',' });
      }
    } else if (typeof value === 'object' && value !== null) {
      parts.push('{');
      pending.push({ text: '}' });
      Object.entries(value)
        .reverse()
        .forEach(([name, inner], at, all) => {
          pending.push(
            { value: inner as unknown },
            { text: `${at < all.length - 1 ? ',' : ''}${JSON.stringify(name)}:` },
          );
        });
    } else parts.push(JSON.stringify(value) ?? 'null');
  }
  return parts.join('');
}
