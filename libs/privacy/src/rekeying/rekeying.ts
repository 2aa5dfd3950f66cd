import { hash } from 'node:crypto';
import { STREAMS, subjectOfStream, type Instant, type SealedIdentifier, type TouchpointMeta } from '#contracts';
import { RECEIPT_TYPE, type MovedEvent, type Receipt } from '#event-log';
import {
  KeyedHash,
  derivedSubjectId,
  partsOf,
  Sealer,
  type KeyState,
  type ListedKey,
  type RekeyableKeyStore,
  type SubjectKey,
} from '#keys';
import {
  contentText,
  foundSubjects,
  UNSEARCHED_KEPT_MS,
  Identities,
  placeOnRecord,
  plainContentHash,
  quarantineIdOf,
  subjectIn,
  type QuarantinedData,
  type QuarantinedMeta,
} from '#ingestion';
import { ClearTextSealer } from '../clear-text/clear-text.js';
import { HashedContents, subjectsText, type ReadTouchpoint } from '../content/hashed-content.js';
import {
  erasedIdsOf,
  erasureFactId,
  erasureIdOf,
  readErasureFactId,
  type PersonErased,
} from '../erasure/person-erased.js';
import { KeyMapping, type HashKeyChanged } from './key-change.js';
import { isHoldFact, RekeyedHolds } from './rekeyed-holds.js';
import { isRecordOfSubjects, RekeyedRecords } from './rekeyed-records.js';

/** In place of what was sealed for an erased person: it could not be opened any more, and now it holds nothing. */
export const NOTHING_SEALED = '1.';

/** The log cannot be moved under another hash key. */
export class RekeyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RekeyError';
  }
}

/** The outcomes of the mapped events. */
export interface RekeyCounts {
  touchpoints: number;
  /** Touchpoints of erased people: they can neither be opened nor hashed again. */
  erased: number;
  /** Touchpoints whose content hash cannot be computed from the log: sent again, they would count as other content. */
  unhashable: number;
  /** Quarantined bodies that are dropped, because an erasure could not find every person in them. */
  bodiesDropped: number;
}

/** An identifier of a touchpoint with its subject under both hash keys. */
interface RekeyedIdentifier {
  readonly identifier: SealedIdentifier;
  readonly key: SubjectKey | null;
  /** The value in the clear; null for an erased subject. */
  readonly value: string | null;
  /** The subject's new id. */
  readonly id: string;
}

/**
 * Maps the events of a log to another hash key: each subject gets its id under the new key, what was sealed is sealed again under a new
 * subject key, and hashes keyed with these are computed again. The content of an event stays the same to the letter; so do its source, id, instants and
 * position. Ids that are keyed hashes, or derived from them (of quarantined events, of erasures), are replaced too: a person with the leaked key could
 * test guesses against them.
 *
 * The same event always has the same result, so a copy that was interrupted continues where it stopped. Map the events from the first one,
 * in the order of the log.
 */
export class Rekeying {
  readonly counts: RekeyCounts = { touchpoints: 0, erased: 0, unhashable: 0, bodiesDropped: 0 };
  private readonly from: Sealer;
  private readonly to: Sealer;
  private readonly newHash: KeyedHash;
  private readonly newIdentities: Identities;
  private readonly oldIdentities: Identities;
  private readonly clearText: ClearTextSealer;
  private readonly hashed: HashedContents;
  private readonly holds: RekeyedHolds;
  private readonly records: RekeyedRecords;
  /** The new ids of the subjects of all touchpoints so far: records name them. */
  private readonly mapping = new KeyMapping();
  /** The new ids of quarantined events, by their old ones. */
  private readonly quarantined = new Map<string, string>();

  constructor(
    private readonly oldKeys: RekeyableKeyStore,
    private readonly newKeys: RekeyableKeyStore,
  ) {
    this.from = new Sealer(oldKeys);
    this.to = new Sealer(newKeys);
    this.newHash = new KeyedHash(newKeys.hashKey);
    this.newIdentities = new Identities(this.to);
    this.oldIdentities = new Identities(this.from);
    this.clearText = new ClearTextSealer(this.from);
    this.hashed = new HashedContents(this.from);
    this.holds = new RekeyedHolds(oldKeys, newKeys);
    this.records = new RekeyedRecords(oldKeys, newKeys, {
      subject: (before) => this.mapping.get(before) ?? this.renamed(before),
      quarantined: (before) => this.quarantined.get(before) ?? this.renamed(before),
    });
  }

  /** Text in the clear that was sealed on the way. */
  get clearTexts(): ClearTextSealer['counts'] {
    return this.clearText.counts;
  }

  /** The events of a page under the new hash key; the keys of all their subjects are durable when it resolves. @throws RekeyError */
  async map(stored: readonly MovedEvent[]): Promise<readonly MovedEvent[]> {
    const events = await this.clearText.map(stored);
    for (const event of events) if (event.type === 'event-quarantined') this.hashed.quarantined(event);
    const touchpoints = new Map<MovedEvent, readonly RekeyedIdentifier[]>();
    const metas = new Map<MovedEvent, TouchpointMeta>();
    for (const event of events)
      if (subjectOfStream(event.stream) !== null) metas.set(event, JSON.parse(event.meta) as TouchpointMeta);
    const ids = [...metas.values()].flatMap(({ identifiers }) => identifiers.map(({ subjectId }) => subjectId));
    const oldKeys = await this.oldKeys.keysFor([
      ...ids,
      ...[...metas].flatMap(([{ stream }, { sealed }]) =>
        this.from.keyIdsOf(subjectOfStream(stream) ?? '', sealed).slice(1),
      ),
    ]);
    for (const [event, { identifiers }] of metas)
      touchpoints.set(
        event,
        identifiers.map((identifier) => this.known(event, identifier, oldKeys)),
      );
    const living = [...touchpoints.values()].flat().filter(({ key }) => key !== null);
    const newKeys = new Map(
      await this.newKeys.keysFor(
        living.map(({ id }) => id),
        { create: true },
      ),
    );
    const erased = living.find(({ id }) => newKeys.get(id) === 'erased');
    if (erased !== undefined)
      throw new RekeyError(
        `The subject ${erased.identifier.subjectId} is erased in the new key store and not in the old one: the new key store was not made from the old one.`,
      );
    for (const [id, state] of await this.classKeys(metas, touchpoints, oldKeys)) newKeys.set(id, state);
    const bodies = await this.bodies(events.filter(({ type }) => type === 'event-quarantined'));
    for (const known of touchpoints.values())
      for (const { identifier, id, key } of known)
        this.mapping.add({ before: identifier.subjectId, after: id, erased: key === null });
    const records = new Map<MovedEvent, MovedEvent>();
    for (const event of events)
      if (isRecordOfSubjects(event.type)) records.set(event, await this.records.map(event));
      else if (isHoldFact(event.type))
        records.set(event, await this.holds.map(event, (id) => this.quarantined.get(id) ?? this.renamed(id)));
    return events.map((event) => {
      const record = records.get(event);
      if (record !== undefined) return record;
      const known = touchpoints.get(event);
      if (known !== undefined)
        return this.touchpoint(event, metas.get(event) as TouchpointMeta, known, { oldKeys, newKeys });
      const body = bodies.get(event);
      return body === undefined ? this.other(event) : this.quarantine(event, body);
    });
  }

  /** The keys of classes and years under the new hash key. Those that were destroyed stay destroyed. */
  private async classKeys(
    metas: ReadonlyMap<MovedEvent, TouchpointMeta>,
    touchpoints: ReadonlyMap<MovedEvent, readonly RekeyedIdentifier[]>,
    oldKeys: ReadonlyMap<string, KeyState>,
  ): Promise<ReadonlyMap<string, KeyState>> {
    const living = new Map<string, ListedKey>();
    const destroyed = new Set<string>();
    for (const [event, { sealed = '' }] of metas) {
      const subjectId = subjectOfStream(event.stream) ?? '';
      const own = touchpoints.get(event)?.find(({ identifier }) => identifier.subjectId === subjectId);
      if (own === undefined || own.key === null) continue;
      for (const { classYear, payload } of partsOf(sealed) ?? []) {
        if (classYear === null) continue;
        const state = oldKeys.get(this.from.classKeyId({ subjectId, ...classYear }));
        if (state === undefined && payload !== '')
          throw new RekeyError(
            `The key store has no key of the subject ${subjectId} for ${classYear.personalClass} of ${classYear.year} (${event.type} ${event.id} of ${event.source}): it is not the complete key store of this log.`,
          );
        const id = this.to.classKeyId({ subjectId: own.id, ...classYear });
        if (state === undefined || state === 'erased') destroyed.add(id);
        else living.set(id, { id, listedUnder: [own.id], classYear });
      }
    }
    if (destroyed.size > 0) await this.newKeys.destroy([...destroyed]);
    const listed = [...living.values()];
    const states = await this.newKeys.createListed(listed);
    return new Map(listed.map(({ id }, at) => [id, states[at] ?? 'erased']));
  }

  private renamed(name: string): string {
    return derivedSubjectId(this.newHash, name);
  }

  private known(
    event: MovedEvent,
    identifier: SealedIdentifier,
    keys: ReadonlyMap<string, SubjectKey | 'erased'>,
  ): RekeyedIdentifier {
    const { namespace, subjectId, sealed } = identifier;
    const key = keys.get(subjectId);
    if (key === 'erased') return { identifier, key: null, value: null, id: this.renamed(subjectId) };
    if (key === undefined)
      throw new RekeyError(
        `The key store has no key of the subject ${subjectId} (${event.type} ${event.id} of ${event.source}): it is not the complete key store of this log.`,
      );
    const value = this.from.open(key, sealed);
    if (this.from.subjectIdOf(namespace, value) !== subjectId)
      throw new RekeyError(
        `The hash key gives the subject ${subjectId} another id (${event.type} ${event.id} of ${event.source}): it is not the hash key of this log.`,
      );
    return { identifier, key, value, id: this.to.subjectIdOf(namespace, value) };
  }

  private touchpoint(
    event: MovedEvent,
    meta: TouchpointMeta,
    known: readonly RekeyedIdentifier[],
    { oldKeys, newKeys }: Record<'oldKeys' | 'newKeys', ReadonlyMap<string, KeyState>>,
  ): MovedEvent {
    this.counts.touchpoints += 1;
    const subject = subjectOfStream(event.stream);
    const own = known.find(({ identifier }) => identifier.subjectId === subject);
    if (own === undefined)
      throw new RekeyError(
        `${event.type} ${event.id} of ${event.source} has no identifier of the subject of its stream.`,
      );
    const identifiers = known.map(({ identifier, value, id }) => {
      const key = newKeys.get(id);
      const sealed =
        value === null || key === undefined || key === 'erased'
          ? NOTHING_SEALED
          : this.to.reseal(key, value, identifier.sealed);
      return { ...identifier, subjectId: id, sealed };
    });
    const stream = STREAMS.subject(own.id);
    const key = newKeys.get(own.id);
    if (own.key === null || key === undefined || key === 'erased' || subject === null) {
      this.counts.erased += 1;
      return {
        ...event,
        stream,
        contentHash: this.hashRenamed(event.contentHash),
        meta: JSON.stringify({
          ...meta,
          identifiers,
          ...(meta.sealed === undefined ? {} : { sealed: NOTHING_SEALED }),
        }),
      };
    }
    const { sealed } = meta;
    const personal = sealed === undefined ? null : this.from.openWhole(subject, sealed, oldKeys);
    return {
      ...event,
      stream,
      contentHash: this.contentHash({ event, meta, personal }, known, own.key, key),
      meta: JSON.stringify({
        ...meta,
        identifiers,
        ...(sealed === undefined
          ? {}
          : { sealed: this.from.resealWhole({ subjectId: subject, keys: oldKeys, sealed }, this.to, own.id, newKeys) }),
      }),
    };
  }

  /** The content hash of the same content under the new keys. */
  private contentHash(
    touchpoint: ReadTouchpoint,
    known: readonly RekeyedIdentifier[],
    oldKey: SubjectKey,
    newKey: SubjectKey,
  ): Uint8Array {
    const content = this.hashed.find(touchpoint, oldKey);
    if (content !== null) {
      const subjects = subjectsText(touchpoint.meta.identifiers, (_, at) => (known[at] as RekeyedIdentifier).id);
      return this.to.contentHash(newKey, contentText({ ...content, subjects }));
    }
    this.counts.unhashable += 1;
    return this.hashRenamed(touchpoint.event.contentHash);
  }

  private hashRenamed(contentHash: Uint8Array): Uint8Array {
    return Buffer.from(this.renamed(Buffer.from(contentHash).toString('hex')), 'hex');
  }

  /** Every other event than touchpoints and quarantined events. */
  private other(event: MovedEvent): MovedEvent {
    switch (event.type) {
      case 'event-released':
      case 'event-discarded':
        return this.closed(event);
      case 'person-erased':
        return this.erasure(event);
      case 'act-requested':
      case 'act-approved':
        return this.act(event);
      case 'hash-key-changed':
        return this.earlierChange(event);
      case 'hash-key-adopted': {
        const check = this.newKeys.hashKeyCheck;
        return { ...event, contentHash: Buffer.from(check, 'hex'), data: JSON.stringify({ check }) };
      }
      case RECEIPT_TYPE:
        return this.receipt(event);
      default:
        return event;
    }
  }

  /** The bodies of quarantined events with their new keys, durable in one transaction. */
  private async bodies(events: readonly MovedEvent[]): Promise<ReadonlyMap<MovedEvent, Renamed>> {
    const bodies = new Map<MovedEvent, Renamed>();
    if (events.length === 0) return bodies;
    const states = await this.oldKeys.keysFor(events.map(({ id }) => id));
    const opened: [MovedEvent, Body][] = [];
    const dropped: string[] = [];
    for (const event of events) {
      const state = states.get(event.id);
      if (state === undefined)
        throw new RekeyError(
          `The key store has no key of the quarantined body ${event.id}: it is not the complete key store of this log.`,
        );
      const body = state === 'erased' ? null : await this.body(event, state);
      if (body !== null) opened.push([event, body]);
      // A body that was erased before stays erased; one that is dropped now must never have a key again.
      else if (state !== 'erased') dropped.push(this.renamed(event.id));
      bodies.set(event, { quarantineId: this.renamed(event.id), body: null, key: null });
    }
    const keys = await this.newKeys.createListed(
      opened.map(([, { quarantineId: id, listedUnder, keepUntil }]) => ({ id, listedUnder, keepUntil })),
    );
    for (const [at, [event, body]] of opened.entries()) {
      const key = keys[at] ?? 'erased';
      // The body stays for the sake of a hold on one person in it, although another one is erased: the new keys could not keep it.
      if (key === 'erased' && (await this.isHeld(event.id)))
        throw new RekeyError(
          `A legal hold keeps the quarantined body ${event.id}, which also names an erased person: lift the hold before the hash key is changed.`,
        );
      bodies.set(event, { quarantineId: body.quarantineId, body, key: key === 'erased' ? null : key });
    }
    if (dropped.length > 0) await this.newKeys.destroy(dropped);
    for (const [{ id }, { quarantineId }] of bodies) this.quarantined.set(id, quarantineId);
    return bodies;
  }

  private async isHeld(quarantineId: string): Promise<boolean> {
    const ids = [quarantineId, ...(await this.oldKeys.listedUnder(quarantineId))];
    return (await this.oldKeys.holdsOn(ids)).length > 0;
  }

  private quarantine(event: MovedEvent, { quarantineId, body, key }: Renamed): MovedEvent {
    const meta = JSON.parse(event.meta) as QuarantinedMeta;
    const data = JSON.parse(event.data) as QuarantinedData;
    const seal = (text: string | null | undefined, before: string): string =>
      typeof text !== 'string' || key === null ? NOTHING_SEALED : this.to.reseal(key, text, before);
    const { provenance } = meta;
    const { subjectId: _, ...rest } = data;
    const subjectId = data.subjectId === undefined ? null : (body?.subjectId ?? null);
    return {
      ...event,
      stream: event.stream.startsWith(STREAMS.rejected('')) ? event.stream : STREAMS.quarantine(quarantineId),
      id: quarantineId,
      contentHash: Buffer.from(quarantineId, 'hex'),
      meta: JSON.stringify({
        sealed: seal(body?.text, meta.sealed),
        ...(meta.by === undefined ? {} : { by: meta.by }),
        ...(meta.fact === undefined ? {} : { fact: meta.fact }),
        ...(meta.arrivedAt === undefined ? {} : { arrivedAt: meta.arrivedAt }),
        ...(provenance === undefined
          ? {}
          : { provenance: { ...provenance, sealed: seal(body?.provenanceText, provenance.sealed) } }),
      }),
      data: JSON.stringify(subjectId === null ? rest : { ...data, subjectId }),
    };
  }

  /** A quarantined body that can be opened, under the new hash key; null where it is dropped. */
  private async body({ id: before, ...event }: MovedEvent, key: SubjectKey): Promise<Body | null> {
    const { sealed, provenance } = JSON.parse(event.meta) as QuarantinedMeta;
    const data = JSON.parse(event.data) as QuarantinedData;
    const text = this.from.open(key, sealed);
    const provenanceText = provenance === undefined ? null : this.from.open(key, provenance.sealed);
    const document: unknown = data.cut === true ? text : JSON.parse(text);
    const around: unknown =
      provenanceText === null
        ? document
        : [document, { topic: provenance?.topic, ...(JSON.parse(provenanceText) as object) }];
    if (data.cut === true) {
      // Identifiers may have been in the part that was cut off: an erasure must find the body by these too.
      const seen = new Set(foundSubjects(around, this.oldIdentities).subjectIds);
      if ((await this.oldKeys.listedUnder(before)).some((subjectId) => !seen.has(subjectId))) {
        this.counts.bodiesDropped += 1;
        return null;
      }
    }
    const place = placeOnRecord(data, provenance);
    const whole = { source: data.source, eventId: data.eventId, place, whole: text };
    const known = data.cut !== true && quarantineIdOf(whole, this.from) === before;
    return {
      text,
      provenanceText,
      quarantineId: known ? quarantineIdOf(whole, this.to) : this.renamed(before),
      ...this.listing(around, data),
      subjectId: subjectIn(document, this.newIdentities),
    };
  }

  /** What finds the body at an erasure; and until when it is kept, where it cannot be searched to its end. */
  private listing(around: unknown, { cut, receivedAt }: QuarantinedData): Pick<Body, 'listedUnder' | 'keepUntil'> {
    const { subjectIds, whole } = foundSubjects(around, this.newIdentities);
    return { listedUnder: subjectIds, keepUntil: whole && cut !== true ? null : receivedAt + UNSEARCHED_KEPT_MS };
  }

  private closed(event: MovedEvent): MovedEvent {
    const before = event.stream.slice(STREAMS.quarantine('').length);
    const quarantineId = this.quarantined.get(before);
    if (quarantineId === undefined)
      throw new RekeyError(`${event.type} ${event.id} closes a quarantined event that is not in the log before it.`);
    const id = `${quarantineId}/${event.type}`;
    const contentHash = Buffer.from(hash('sha256', id, 'hex').slice(0, 32), 'hex');
    return { ...event, stream: STREAMS.quarantine(quarantineId), id, contentHash };
  }

  /**
   * An act that names subjects keeps its place on record, and can be approved no more: what was hidden of it is under the former keys. Its digest is
   * over subjects' ids, so a person with the leaked key could test guesses against it.
   */
  private act(event: MovedEvent): MovedEvent {
    const { sealed: _, ...act } = JSON.parse(event.data) as Partial<ActRequested> & { sealed?: string };
    const digest = this.newHash.hashOf(`\0act\0${act.digest ?? ''}`);
    const {
      subjectIds,
      customerId = null,
      case: caseName,
    } = (act.detail ?? {}) as {
      subjectIds?: string[];
      customerId?: string | null;
      case?: string;
    };
    const named =
      subjectIds === undefined
        ? {}
        : {
            until: event.occurredAt,
            detail: {
              ...(caseName === undefined ? {} : { case: caseName }),
              customerId: customerId === null ? null : this.renamed(customerId),
              subjectIds: subjectIds.map((id) => this.renamed(id)).sort(),
            },
          };
    const data = { ...act, ...named, digest };
    return { ...event, contentHash: plainContentHash(data), data: JSON.stringify(data) };
  }

  private erasure(event: MovedEvent): MovedEvent {
    // Bodies that cannot be opened are not moved: their ids have no meaning in the new log.
    const { subjectIds, customerId, namespaces = [] } = JSON.parse(event.data) as PersonErased;
    const subjects = subjectIds.map((subjectId) => this.renamed(subjectId)).sort();
    const data: PersonErased = {
      subjectIds: subjects,
      customerId: customerId === null ? null : this.renamed(customerId),
      ...(event.schemaVersion === 1 ? {} : { namespaces, quarantineIds: [] }),
    };
    return {
      ...event,
      id: erasureFactId(erasureIdOf(subjects), readErasureFactId(event.id)?.number ?? 1),
      contentHash: plainContentHash(subjects),
      data: JSON.stringify(data),
    };
  }

  /** An earlier change stays on record. Its mapping is hashed again: with the keys of that change it could be guessed. */
  private earlierChange(event: MovedEvent): MovedEvent {
    const change = JSON.parse(event.data) as HashKeyChanged;
    const data = { ...change, mapping: this.newHash.hashOf(`\0mapping\0${change.mapping}`) };
    return { ...event, contentHash: plainContentHash(data), data: JSON.stringify(data) };
  }

  /** A receipt holds the ids of its duplicates, and those of quarantined events are replaced. */
  private receipt(event: MovedEvent): MovedEvent {
    const receipt = JSON.parse(event.data) as Receipt;
    if (!receipt.duplicates.some(([id]) => this.quarantined.has(id))) return event;
    const duplicates = receipt.duplicates.map(([id, position]) => [this.quarantined.get(id) ?? id, position]);
    const data = JSON.stringify({ ...receipt, duplicates });
    return { ...event, contentHash: Buffer.from(hash('sha256', data, 'hex').slice(0, 32), 'hex'), data };
  }
}

/** The part of an `act-requested` or `act-approved` that names persons. */
interface ActRequested {
  readonly digest: string;
  readonly detail: object;
}

/** A quarantined event under its new id, with its body where that can be opened. */
interface Renamed {
  readonly quarantineId: string;
  readonly body: Body | null;
  readonly key: SubjectKey | null;
}

interface Body {
  readonly text: string;
  readonly provenanceText: string | null;
  readonly quarantineId: string;
  readonly listedUnder: readonly string[];
  readonly keepUntil: Instant | null;
  readonly subjectId: string | null;
}

/**
 * Checks that a key store belongs to the log and has every erasure that the log records: an older copy would still hold the keys of people who
 * were erased since.
 * @throws RekeyError
 */
export async function mustBeKeysOf(
  privacy: AsyncIterable<readonly { readonly type: string; readonly data: string }[]>,
  keys: RekeyableKeyStore,
): Promise<void> {
  for await (const page of privacy)
    for (const { type, data } of page) {
      if (type === 'hash-key-adopted' && (JSON.parse(data) as { check: string }).check !== keys.hashKeyCheck)
        throw new RekeyError('The log was written under another hash key: this key store does not belong to it.');
      if (type !== 'person-erased') continue;
      const ids = erasedIdsOf(JSON.parse(data) as PersonErased);
      const states = await keys.keysFor(ids);
      const open = ids.filter((id) => states.get(id) !== 'erased');
      // A body may stay for the sake of a hold on another person in it.
      if (open.length > 0 && !(await areHeld(open, keys)))
        throw new RekeyError(
          'The log records an erasure that the key store does not have: it is an older copy. Use the newest copy, or erase that person again first.',
        );
    }
}

async function areHeld(ids: readonly string[], keys: RekeyableKeyStore): Promise<boolean> {
  for (const id of ids) if ((await keys.holdsOn([id, ...(await keys.listedUnder(id))])).length === 0) return false;
  return true;
}
