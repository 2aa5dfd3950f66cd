import { hash } from 'node:crypto';
import { isRecordedFact, STREAMS, subjectOfStream, type Instant, type TouchpointMeta } from '#contracts';
import { RECEIPT_TYPE, type EventLog, type MovedEvent } from '#event-log';
import { LruCache, partsOf, type KeyState, type Sealer } from '#keys';
import {
  placeOnRecord,
  plainContentHash,
  quarantineIdOf,
  type QuarantinedData,
  type QuarantinedMeta,
} from '#ingestion';
import { contentHashOf, type PersonalFieldsExpired } from '../class-expiry/class-expiry.js';
import type { PersonErased } from '../erasure/person-erased.js';
import { HashedContents } from './hashed-content.js';

/** An event whose stored content is not the content that was recorded. */
export interface RefutedEvent {
  readonly position: number;
  readonly stream: string;
  readonly type: string;
  readonly source: string;
  readonly id: string;
  /** What does not fit, as a clause: `its data or metadata do not give its content hash`. */
  readonly detail: string;
}

/** The outcome of hashing the content of every event again. */
export interface ContentsCheck {
  /** Events that were read. */
  readonly events: number;
  /** Those whose content gives their content hash. */
  readonly intact: number;
  /** Those whose content does not; `refutations` has the first 100 of them. */
  readonly refuted: number;
  readonly refutations: readonly RefutedEvent[];
  /** What cannot be checked, by reason. */
  readonly unchecked: {
    /** Events of erased persons, and erased bodies: the key is destroyed. */
    readonly erased: number;
    /** Events of which a class of personal fields was destroyed since its time was over: what is left can be opened. */
    readonly expired: number;
    /** Events whose subject, or body, has no key in the key store. */
    readonly withoutKey: number;
    /** Quarantined events whose id covers more than the log holds (a body that was cut, a reason that was shortened). Their bodies can be opened. */
    readonly partly: number;
    /** Facts of a type whose content hash this version does not know how to compute. */
    readonly unknown: number;
  };
}

/** How far the check has come; `rate` is events per second. */
export interface ContentsProgress {
  readonly phase: 'content-hashes';
  /** Positions of the log. */
  readonly done: number;
  readonly total: number;
  readonly items: number;
  readonly rate: number;
  readonly secondsLeft: number | null;
}

export interface ContentsCheckOptions {
  readonly onProgress?: (progress: ContentsProgress) => void;
  /** Stops between two pages. */
  readonly signal?: AbortSignal;
}

const PAGE_SIZE = 1_000;
const REFUTATIONS_MAX = 100;
/** Sealed identifiers that are known to open: a subject's identifier is mostly sealed once and repeated. */
const OPENED_CACHED = 50_000;

type Outcome = 'intact' | 'erased' | 'expired' | 'withoutKey' | 'partly' | 'unknown' | { readonly refuted: string };

const CHANGED: Outcome = { refuted: 'its data or metadata do not give its content hash' };

/**
 * Reads the whole log once and hashes the content of every event again: whatever was changed in a stored event is found, with its position. What is sealed
 * is opened, so it needs the keys. The content hash covers neither source, id and recordedAt nor what a retry may change (`sentAt`, `receivedAt`).
 * @throws EventLogError where the log cannot be read; the reason of the signal when it was stopped
 */
export async function checkContents(
  log: Pick<EventLog, 'readAll' | 'read' | 'head'>,
  sealer: Sealer,
  { onProgress, signal }: ContentsCheckOptions = {},
): Promise<ContentsCheck> {
  const check = new ContentCheck(sealer, await lastKeyChange(log));
  const total = (await log.head()).position;
  const begun = performance.now();
  for await (const page of log.readAll(0, { with: 'contentHash', pageSize: PAGE_SIZE, upTo: total })) {
    signal?.throwIfAborted();
    await check.page(page as readonly MovedEvent[]);
    const items = check.result.events;
    const done = page.at(-1)?.position ?? 0;
    const elapsed = Math.max(1, performance.now() - begun);
    const secondsLeft = done === 0 ? null : (elapsed * (total - done)) / done / 1_000;
    onProgress?.({ phase: 'content-hashes', done, total, items, rate: (items / elapsed) * 1_000, secondsLeft });
  }
  return check.result;
}

/** The position of the last change of the hash key: ids before it may be derived from ids under an earlier key. */
async function lastKeyChange(log: Pick<EventLog, 'read'>): Promise<number> {
  let position = 0;
  for await (const page of log.read(STREAMS.privacy))
    for (const event of page) if (event.type === 'hash-key-changed') ({ position } = event);
  return position;
}

class ContentCheck {
  private readonly hashed: HashedContents;
  private readonly opened = new LruCache<string, true>(OPENED_CACHED);
  private readonly counts = { events: 0, intact: 0, refuted: 0 };
  private readonly unchecked = { erased: 0, expired: 0, withoutKey: 0, partly: 0, unknown: 0 };
  private readonly refutations: RefutedEvent[] = [];

  constructor(
    private readonly sealer: Sealer,
    private readonly rekeyedUpTo: number,
  ) {
    this.hashed = new HashedContents(sealer);
  }

  get result(): ContentsCheck {
    return { ...this.counts, refutations: this.refutations, unchecked: this.unchecked };
  }

  async page(events: readonly MovedEvent[]): Promise<void> {
    const metas = events.map((event) => (subjectOfStream(event.stream) === null ? null : metaOf(event)));
    const subjects = metas.flatMap((meta) => meta?.identifiers.map(({ subjectId }) => subjectId) ?? []);
    const own = events.flatMap(({ stream, type, id }, at) => {
      const subjectId = type === 'event-quarantined' ? id : subjectOfStream(stream);
      return subjectId === null ? [] : this.sealer.keyIdsOf(subjectId, metas[at]?.sealed);
    });
    const keys = await this.sealer.keys.keysFor([...new Set([...subjects, ...own])].filter((id) => KEY_ID.test(id)));
    for (const [at, event] of events.entries()) this.count(event, this.outcomeOf(event, metas[at] ?? null, keys));
  }

  private count({ position, stream, type, source, id }: MovedEvent, outcome: Outcome): void {
    this.counts.events += 1;
    if (outcome === 'intact') this.counts.intact += 1;
    else if (typeof outcome === 'string') this.unchecked[outcome] += 1;
    else {
      this.counts.refuted += 1;
      if (this.refutations.length < REFUTATIONS_MAX)
        this.refutations.push({ position, stream, type, source, id, detail: outcome.refuted });
    }
  }

  private outcomeOf(event: MovedEvent, meta: TouchpointMeta | null, keys: ReadonlyMap<string, KeyState>): Outcome {
    try {
      if (event.type === 'event-quarantined') return this.quarantined(event, keys.get(event.id));
      const subject = subjectOfStream(event.stream);
      if (subject === null) return factOutcome(event);
      if (meta === null) return { refuted: 'its metadata are not those of a touchpoint' };
      return this.touchpoint(event, { meta, subject }, keys);
    } catch {
      // A changed text may be no JSON, or of another shape, or sealed under no key: whatever reads it fails.
      return { refuted: 'its data or metadata cannot be read, or what is sealed in them cannot be opened' };
    }
  }

  private touchpoint(
    event: MovedEvent,
    { meta, subject }: { readonly meta: TouchpointMeta; readonly subject: string },
    keys: ReadonlyMap<string, KeyState>,
  ): Outcome {
    const key = keys.get(subject);
    if (key === undefined) return 'withoutKey';
    for (const { namespace, subjectId, sealed } of meta.identifiers) {
      const its = keys.get(subjectId);
      if (its === undefined || its === 'erased') continue;
      const name = `${namespace}\0${subjectId}\0${sealed}`;
      if (this.opened.get(name) === true) continue;
      if (this.sealer.subjectIdOf(namespace, this.sealer.open(its, sealed)) !== subjectId)
        return { refuted: 'an identifier in its metadata is not the one of its subject' };
      this.opened.set(name, true);
    }
    if (key === 'erased') return 'erased';
    const { sealed } = meta;
    const personal = sealed === undefined ? null : this.sealer.openWhole(subject, sealed, keys);
    const ofClasses = sealed === undefined ? null : this.unopened(subject, sealed, keys);
    if (ofClasses !== null) return ofClasses;
    return this.hashed.find({ event, meta, personal }, key) === null ? CHANGED : 'intact';
  }

  /** Why parts under keys of classes and years cannot be opened; null where all can. Only of a destroyed key a part may be empty. */
  private unopened(subjectId: string, sealed: string, keys: ReadonlyMap<string, KeyState>): Outcome | null {
    let outcome: Outcome | null = null;
    for (const { classYear, payload } of partsOf(sealed) ?? []) {
      if (classYear === null) continue;
      const state = keys.get(this.sealer.classKeyId({ subjectId, ...classYear }));
      if (state === 'erased') outcome ??= 'expired';
      else if (payload === '') return { refuted: 'what was sealed of it was removed' };
      else if (state === undefined) outcome = 'withoutKey';
    }
    return outcome;
  }

  /** The id of a quarantined event is the hash of its content, as far as the log holds that; its body is authenticated by its seal. */
  private quarantined(event: MovedEvent, key: KeyState | undefined): Outcome {
    if (!isHex(event.contentHash, event.id)) return { refuted: 'its id is not its content hash' };
    const data = JSON.parse(event.data) as QuarantinedData;
    const { sealed, provenance } = JSON.parse(event.meta) as QuarantinedMeta;
    this.hashed.quarantined(event);
    if (key === 'erased') return 'erased';
    if (key === undefined) return 'withoutKey';
    const whole = this.sealer.open(key, sealed);
    if (provenance !== undefined) this.sealer.open(key, provenance.sealed);
    if (data.cut === true) return 'partly';
    const place = placeOnRecord(data, provenance);
    const { source, eventId } = data;
    if (quarantineIdOf({ source, eventId, place, whole }, this.sealer) === event.id) return 'intact';
    // The reason that the id of a row covers is not recorded to the letter; and an id under an earlier hash key is only derived from the old one.
    return data.row !== undefined || event.position <= this.rekeyedUpTo ? 'partly' : CHANGED;
  }
}

/** What a key store knows: a changed text may name anything. */
const KEY_ID = /^[0-9a-f]{32}$/;

function metaOf({ meta }: MovedEvent): TouchpointMeta | null {
  try {
    const read = JSON.parse(meta) as TouchpointMeta;
    return read.identifiers.every(({ subjectId }) => typeof subjectId === 'string') ? read : null;
  } catch {
    return null;
  }
}

/** The facts that the engine writes itself, each hashed as where it is written. */
function factOutcome({ type, id, data, occurredAt, contentHash }: MovedEvent): Outcome {
  const fits = (expected: Uint8Array): Outcome => (Buffer.compare(expected, contentHash) === 0 ? 'intact' : CHANGED);
  if (isRecordedFact(type)) {
    const hashed = (stated: Instant | null): Outcome =>
      fits(plainContentHash({ type, stated, data: JSON.parse(data) as unknown }));
    return hashed(occurredAt) === 'intact' ? 'intact' : hashed(null);
  }
  switch (type) {
    case 'policy-published':
      return fits(plainContentHash((JSON.parse(data) as { readonly policy: unknown }).policy));
    case 'person-erased':
      return fits(plainContentHash((JSON.parse(data) as PersonErased).subjectIds));
    case 'type-registered':
    case 'attribute-defined':
    case 'attribute-removed':
    case 'segment-defined':
    case 'segment-removed':
    case 'source-registered':
    case 'source-changed':
    case 'source-paused':
    case 'source-resumed':
    case 'source-retired':
    case 'hash-key-changed':
    case 'hold-placed':
    case 'hold-lifted':
    case 'erasure-requested':
    case 'restriction-placed':
    case 'restriction-lifted':
    case 'customers-merged':
    case 'customers-unmerged':
    case 'customers-kept-apart':
    case 'keep-apart-lifted':
    case 'suppression-added':
    case 'suppression-lifted':
      return fits(plainContentHash(JSON.parse(data)));
    case 'personal-fields-expired':
      return fits(contentHashOf(JSON.parse(data) as PersonalFieldsExpired));
    case 'hash-key-adopted':
      return isHex(contentHash, (JSON.parse(data) as { readonly check: string }).check) ? 'intact' : CHANGED;
    case 'event-released':
    case 'event-discarded':
      return fits(sha256(id));
    case RECEIPT_TYPE:
    case 'key-created':
    case 'key-rotated':
    case 'key-revoked':
    case 'principal-blocked':
    case 'principal-unblocked':
    case 'sign-in-rejected':
    case 'session-ended':
    case 'operation-started':
    case 'personal-data-opened':
    case 'webhook-registered':
    case 'webhook-changed':
      return fits(sha256(data));
    default:
      return 'unknown';
  }
}

const sha256 = (text: string): Uint8Array => Buffer.from(hash('sha256', text, 'hex').slice(0, 32), 'hex');

const isHex = (bytes: Uint8Array, hex: string): boolean => Buffer.from(bytes).toString('hex') === hex;
