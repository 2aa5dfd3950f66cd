import { sealedFields, STREAMS, type Beside, type Instant, type PersonalFields } from '#contracts';
import type { AppendItem } from '#event-log';
import { LruCache, type Sealer, type SubjectKey } from '#keys';
import { canonical } from './canonical.js';
import type { ClassKeys } from './class-keys.js';
import type { CheckedEnvelope, Envelope } from './envelope.js';
import type { Identified, NamedIdentity } from './identities.js';
import type { Provenance } from './item.js';
import type { Moment } from './moment.js';
import type { Separation } from './separator.js';
import type { Additions } from './source-defaults.js';
import type { TypeContract } from '../types/type-contracts.js';

/** A touchpoint that passed every validation; the keys of its subjects are still to be loaded. */
export interface ValidTouchpoint extends CheckedEnvelope {
  readonly identified: Identified;
  readonly moment: Moment;
  readonly contract: TypeContract;
  /** Its data: what is kept in the clear, and what is sealed. */
  readonly separation: Separation;
  /** What its source's settings, its brand and its sequence add to the metadata; null for most events. */
  readonly additions: Additions | null;
}

/** With what a touchpoint is sealed. */
export interface SealingKeys {
  /** At which the keys of all its subjects were loaded. */
  readonly epoch: number;
  /** Null where none of the batch has a field of a class with a key of its own. */
  readonly classKeys: ClassKeys | null;
}

/**
 * The step: seals what is personal and makes the event for the log. Null where one of its own subjects was erased: then nothing
 * of it is kept. Another person who was erased (a referee, a recipient) is left out of it. The keys of all subjects
 * were loaded at this epoch.
 *
 * The content hash covers what the source said: neither when it was sent and received, nor an instant derived from that.
 */
export function sealEvent(
  touchpoint: ValidTouchpoint,
  { epoch, classKeys }: SealingKeys,
  sealer: Sealer,
  receivedAt: Instant,
  by: string | null,
  provenance?: Provenance,
): AppendItem | null {
  const { envelope, others, identified, moment, contract, separation, additions } = touchpoint;
  const own = identified.self.keyAt(epoch);
  if (own === null || own === 'erased') return null;
  let identifiers = '';
  let subjects = '';
  const { named } = identified;
  for (let at = 0; at < named.length; at += 1) {
    const { identity, role } = named[at] as NamedIdentity;
    const key = identity.keyAt(epoch);
    if (key === null || key === 'erased') {
      if (role === 'self') return null;
      continue;
    }
    const written = role === 'self' ? identity.asSelf(key, sealer) : identity.as(role, key, sealer);
    identifiers = identifiers === '' ? written : `${identifiers},${written}`;
    subjects += `${role} ${key.id} `;
  }
  const beside = besideOf(others, identified);
  const dataText = JSON.stringify(separation.data);
  // A field that became personal later is sealed, and hashed where it stood.
  const { hashed } = separation;
  const hashedText = hashed === undefined ? dataText : JSON.stringify(hashed.data);
  const personalText = hashedPersonal((hashed ?? separation).personal, beside);
  const facts = factsOf(envelope);
  const channel = quoted(envelope.channel);
  const meta =
    `{"channel":${channel},"identifiers":[${identifiers}],"receivedAt":${receivedAt}` +
    (moment.sentAt === null ? '' : `,"sentAt":${moment.sentAt}`) +
    facts +
    (additions === null ? '' : additions.test ? `,"test":true${additions.meta}` : additions.meta) +
    (by === null ? '' : `,"by":${quoted(by)}`) +
    placeOf(provenance) +
    sealed({ touchpoint, beside, provenance, own, sealer, classKeys }) +
    '}';
  const { type, schemaVersion = '' } = envelope;
  const stated = additions?.local ?? moment.stated ?? '';
  const content = contentText({
    type,
    schemaVersion,
    stated,
    subjects,
    facts,
    // A channel of the source's settings is not what the source said.
    channel: additions?.channel === true ? '' : channel,
    dataText: hashedText,
    personalText,
  });
  return {
    stream: STREAMS.subject(own.id),
    event: {
      source: envelope.source,
      id: envelope.id,
      type: envelope.type,
      schemaVersion: contract.version,
      occurredAt: moment.occurredAt,
      contentHash: sealer.contentHash(own, content),
      meta,
      data: dataText,
    },
  };
}

/** What the content hash of a touchpoint covers. */
export interface Content {
  readonly type: string;
  /** As the source stated them; empty where it stated none. */
  readonly schemaVersion: number | '';
  /** A time without an offset as it was stated, whatever the zone of its source. */
  readonly stated: Instant | string;
  /** Role and subject of each identifier. */
  readonly subjects: string;
  readonly facts: string;
  readonly channel: string;
  readonly dataText: string;
  readonly personalText: string;
}

/** The text that is hashed. It must never change, or no repetition is recognised any more. */
export function contentText(content: Content): string {
  const { type, schemaVersion, stated, subjects, facts, channel, dataText, personalText } = content;
  return `${type}\n${schemaVersion}\n${stated}\n${subjects}\n${facts}\n${channel}\n${dataText}\n${personalText}`;
}

const quotedNames = new LruCache<string, string>(400);

/** JSON text of a name, cached: a business has few channels, and they have few topics. */
function quoted(name: string): string {
  let text = quotedNames.get(name);
  if (text === undefined) quotedNames.set(name, (text = JSON.stringify(name)));
  return text;
}

/**
 * The text of what is sealed, as the content hash covers it. Our own names stand among the fields of the data, as they once did in what is sealed,
 * so that an event of that time is still recognised when it is sent again; unless a field of the data has such a name itself: then they stand
 * apart, so that none hides another.
 */
export function hashedPersonal(personal: PersonalFields | null, beside: Beside | null): string {
  if (beside === null) return personal === null ? '' : JSON.stringify(canonical(personal));
  const ours = Object.entries(beside).map(([name, value]) => [`/${name}`, value] as const);
  if (personal !== null && ours.some(([name]) => name in personal))
    return JSON.stringify(canonical(sealedFields(personal, beside)));
  return JSON.stringify(canonical({ ...personal, ...Object.fromEntries(ours) }));
}

/** What is sealed of the event, with the key and the headers of its message: these may name a person, and are not part of the content. */
function sealed({
  touchpoint,
  beside,
  provenance,
  own,
  sealer,
  classKeys,
}: {
  readonly touchpoint: ValidTouchpoint;
  readonly beside: Beside | null;
  readonly provenance: Provenance | undefined;
  readonly own: SubjectKey;
  readonly sealer: Sealer;
  readonly classKeys: ClassKeys | null;
}): string {
  const { personal } = touchpoint.separation;
  const { self } = touchpoint.identified;
  const { key = null, headers = null } = provenance ?? {};
  if (personal === null && beside === null) {
    if (key === null && headers === null) return '';
    if (headers === null) {
      const text = `{"$provenance":{"key":${JSON.stringify(key)}}}`;
      return `,"sealed":"${self.sealRepeated(text, own, sealer)}"`;
    }
  }
  const $provenance =
    key === null && headers === null ? {} : { $provenance: { key, ...(headers === null ? {} : { headers }) } };
  const fields = sealedFields(personal, { ...beside, ...$provenance });
  if (classKeys !== null && personal !== null) return `,"sealed":"${classKeys.seal(touchpoint, fields, own)}"`;
  return `,"sealed":"${sealer.seal(own, JSON.stringify(canonical(fields)))}"`;
}

/** The place of the message, in the clear: it names no person. */
function placeOf(provenance: Provenance | undefined): string {
  if (provenance === undefined) return '';
  const { topic, partition, offset, timestamp } = provenance;
  const dated = timestamp === undefined ? '' : `,"timestamp":${timestamp}`;
  return `,"provenance":{"topic":${quoted(topic)},"partition":${partition},"offset":${offset}${dated}}`;
}

/** The rest of the metadata, as JSON fields that follow others. */
export function factsOf({
  actor,
  correlationId,
  causationId,
  test,
}: Pick<Envelope, 'actor' | 'correlationId' | 'causationId' | 'test'>): string {
  return (
    (actor === undefined ? '' : `,"actor":${JSON.stringify({ kind: actor.kind, id: actor.id })}`) +
    (correlationId === undefined ? '' : `,"correlationId":${JSON.stringify(correlationId)}`) +
    (causationId === undefined ? '' : `,"causationId":${JSON.stringify(causationId)}`) +
    (test === true ? ',"test":true' : '')
  );
}

/** What is sealed of an event besides fields of its data; null where nothing is. */
function besideOf(others: CheckedEnvelope['others'], { placeholders }: Identified): Beside | null {
  if (others === null && placeholders === null) return null;
  return {
    ...(others === null ? {} : { $envelope: others }),
    ...(placeholders === null ? {} : { $placeholders: placeholders }),
  };
}
