import { createHash } from 'node:crypto';
import { subjectOfStream, type CustomersMerged, type Data, type TouchpointMeta } from '#contracts';
import { RECEIPT_TYPE, type EventLog, type Receipt, type RecordedEvent } from '#event-log';
import { Sealer, type KeyState, type KeyStore } from '#keys';
import { ClearTextSealer } from '../clear-text/clear-text.js';
import type { PersonErased } from '../erasure/person-erased.js';
import type { QuarantinedData, QuarantinedMeta } from '#ingestion';
import type { HashKeyChanged } from './key-change.js';
import type { SuppressionAdded } from '../suppressions/suppression-facts.js';
import type { HoldMeta, HoldPlaced } from '../holds/hold-facts.js';
import { isHoldFact } from './rekeyed-holds.js';
import { isRecordOfSubjects, recordKeyId } from './rekeyed-records.js';
import { RekeyError } from './rekeying.js';

/** A log with the key store that it was written under. */
export interface RekeyedSide {
  readonly log: Pick<EventLog, 'readAll'>;
  readonly keys: KeyStore;
}

/** The ids of one subject on both sides. */
export interface RekeyedPair {
  readonly before: string;
  readonly after: string;
  /** Whether the subject is erased. */
  readonly erased: boolean;
}

/**
 * Compares two logs with different hash keys in everything but ids. Each log is read with its own keys alone, and everything that can be opened is opened. A
 * subject is represented by its identifier (which the hash key must confirm), an erased one by its ordinal among the erased. So equal digests prove that
 * both logs hold the same events of the same people, and that the new keys open the new log; the digests do not depend on how it was made.
 * @throws RekeyError where a log does not fit its keys
 */
export async function compareRekeyed(
  before: RekeyedSide,
  after: RekeyedSide,
  {
    onEvents,
    onPair,
    onNamed,
    signal,
  }: {
    readonly onEvents?: (events: number) => void;
    /** Called with the ids of a subject each time that an event has it. */
    readonly onPair?: (pair: RekeyedPair) => void;
    /** Called with the ids of a restriction, a suppression or a decision that keeps apart, and of the subjects that it names: these may have no event of their own. */
    readonly onNamed?: (pair: Omit<RekeyedPair, 'erased'>) => void;
    readonly signal?: AbortSignal;
  } = {},
): Promise<{ readonly before: string; readonly after: string } | null> {
  const sides = [new ComparedLog(before), new ComparedLog(after)] as const;
  const others = sides[1].pages()[Symbol.asyncIterator]();
  let waiting: IterableIterator<ComparedEvent> = [].values();
  const next = async (): Promise<ComparedEvent | null> => {
    for (;;) {
      const one = waiting.next();
      if (one.done !== true) return one.value;
      const page = await others.next();
      if (page.done === true) return null;
      waiting = page.value.values();
    }
  };
  let events = 0;
  for await (const page of sides[0].pages()) {
    if (signal?.aborted === true) {
      await others.return?.();
      return null;
    }
    for (const { subjects, named } of page) {
      const other = await next();
      for (const [name, id] of named) {
        const after = other?.named.get(name);
        if (after !== undefined) onNamed?.({ before: id, after });
      }
      if (onPair !== undefined && other !== null && subjects.length === other.subjects.length)
        for (const [at, { id, erased }] of subjects.entries())
          onPair({ before: id, after: (other.subjects[at] as Subject).id, erased });
    }
    events += page.length;
    onEvents?.(events);
  }
  while ((await next()) !== null);
  return { before: sides[0].digest(), after: sides[1].digest() };
}

interface Subject {
  readonly id: string;
  readonly erased: boolean;
}

interface ComparedEvent {
  /** The subjects of the event, in its order. */
  readonly subjects: readonly Subject[];
  /** The ids of what a restriction, a suppression or a decision is and names, by what tells them apart. */
  readonly named: ReadonlyMap<string, string>;
}

const NO_NAMES: ReadonlyMap<string, string> = new Map();

/** Reads a log and digests its content without the ids that its hash key gave. */
class ComparedLog {
  private readonly hash = createHash('sha256');
  private readonly sealer: Sealer;
  /** A move seals text that was in the clear: it is compared as sealed on both sides. */
  private readonly clearText: ClearTextSealer;
  /** Ordinals of subjects and quarantined events, in the order of the log. */
  private readonly ordinals = new Map<string, number>();

  constructor(private readonly side: RekeyedSide) {
    this.sealer = new Sealer(side.keys);
    this.clearText = new ClearTextSealer(this.sealer);
  }

  digest(): string {
    return this.hash.digest('hex');
  }

  async *pages(): AsyncGenerator<readonly ComparedEvent[], void> {
    for await (const stored of this.side.log.readAll(0)) {
      const page = await this.clearText.map(stored);
      const metas = page.map(({ stream, meta }) =>
        subjectOfStream(stream) === null ? null : (JSON.parse(meta) as TouchpointMeta),
      );
      const subjectIds = metas.flatMap((meta, at) => [
        ...(meta?.identifiers.map(({ subjectId }) => subjectId) ?? []),
        ...this.sealer.keyIdsOf(subjectOfStream(page[at]?.stream ?? '') ?? '', meta?.sealed).slice(1),
      ]);
      const bodies = page.filter(({ type }) => type === 'event-quarantined').map(({ id }) => id);
      const named = page
        .flatMap(({ type, meta }) => (isHoldFact(type) ? namesIn(meta) : []))
        .map((name) => name.subjectId);
      const records = page.flatMap((event) => (isRecordOfSubjects(event.type) ? [recordKeyId(event)] : []));
      const keys = await this.side.keys.keysFor([...subjectIds, ...bodies, ...named, ...records]);
      yield page.map((event, at) => this.read(event, metas[at] ?? null, keys));
    }
  }

  private read(event: RecordedEvent, meta: TouchpointMeta | null, keys: ReadonlyMap<string, KeyState>): ComparedEvent {
    const { source, type, schemaVersion, occurredAt, recordedAt, revision } = event;
    const common = { source, type, schemaVersion, occurredAt, recordedAt, revision };
    const content = meta === null ? this.other(event, keys) : this.touchpoint(event, meta, keys);
    this.hash.update(`${JSON.stringify({ ...common, ...content })}\n`);
    const subjects = meta?.identifiers.map(({ subjectId: id }) => ({ id, erased: keys.get(id) === 'erased' }));
    return { subjects: subjects ?? [], named: this.named(event, keys) };
  }

  private named({ type, meta, data }: RecordedEvent, keys: ReadonlyMap<string, KeyState>): ReadonlyMap<string, string> {
    switch (type) {
      case 'suppression-added': {
        const { suppressionId, subjectId } = JSON.parse(data) as SuppressionAdded;
        // It names one subject, which may be erased.
        return new Map([
          ['suppression', suppressionId],
          ['subject', subjectId],
        ]);
      }
      case 'restriction-placed': {
        const { restrictionId } = JSON.parse(data) as { readonly restrictionId: string };
        const subjects = this.openedNames(meta, keys).map(({ subjectId, name }) => [name, subjectId] as const);
        return new Map([['restriction', restrictionId], ...subjects]);
      }
      case 'customers-unmerged':
      case 'customers-kept-apart':
        return new Map([['decision', (JSON.parse(data) as CustomersMerged).decisionId]]);
      default:
        return NO_NAMES;
    }
  }

  /** The identifiers that an event names, in the clear, as far as their keys are there. */
  private openedNames(
    meta: string,
    keys: ReadonlyMap<string, KeyState>,
  ): readonly { readonly subjectId: string; readonly name: string }[] {
    return namesIn(meta).flatMap(({ namespace, subjectId, sealed }) => {
      const key = keys.get(subjectId);
      if (key === undefined || key === 'erased') return [];
      return [{ subjectId, name: `${namespace}\0${this.sealer.open(key, sealed)}` }];
    });
  }

  private touchpoint(
    { id, stream, data }: RecordedEvent,
    meta: TouchpointMeta,
    keys: ReadonlyMap<string, KeyState>,
  ): object {
    const { identifiers, sealed, ...rest } = meta;
    const identifierOf = new Map<string, string>();
    for (const { namespace, subjectId, sealed: value } of identifiers) {
      const ordinal = this.ordinal(subjectId);
      const key = keys.get(subjectId);
      if (key === undefined) throw new RekeyError(`The key store has no key of the subject ${subjectId}.`);
      if (key === 'erased') {
        identifierOf.set(subjectId, `erased ${ordinal}`);
        continue;
      }
      const opened = this.sealer.open(key, value);
      if (this.sealer.subjectIdOf(namespace, opened) !== subjectId)
        throw new RekeyError(`The hash key gives the subject ${subjectId} another id.`);
      identifierOf.set(subjectId, `${namespace}\0${opened}`);
    }
    const own = subjectOfStream(stream) ?? '';
    const key = keys.get(own);
    const personal =
      sealed === undefined
        ? null
        : key === undefined || key === 'erased'
          ? 'erased'
          : this.sealer.openWhole(own, sealed, keys);
    return {
      ...{ id, data, personal },
      stream: identifierOf.get(own) ?? null,
      meta: rest,
      identifiers: identifiers.map(({ namespace, role, subjectId }) => [namespace, role, identifierOf.get(subjectId)]),
    };
  }

  private other(event: RecordedEvent, keys: ReadonlyMap<string, KeyState>): object {
    const { id, stream, meta, data } = event;
    switch (event.type) {
      case 'event-quarantined': {
        const { subjectId: _, ...rest } = JSON.parse(data) as QuarantinedData;
        const { sealed, provenance } = JSON.parse(meta) as QuarantinedMeta;
        const key = keys.get(id);
        // A body that was cut may have been dropped: then it can be opened on one side only.
        const open = (text: string): string | null =>
          key === undefined || key === 'erased' || rest.cut === true ? null : this.sealer.open(key, text);
        const place = provenance === undefined ? null : { ...provenance, sealed: open(provenance.sealed) };
        return { stream: `quarantine ${this.ordinal(id)}`, rest, body: open(sealed), place };
      }
      case 'event-released':
      case 'event-discarded':
        return { stream: `quarantine ${this.ordinal(stream.slice('quarantine-'.length))}`, meta, data };
      case 'person-erased': {
        const { subjectIds, customerId } = JSON.parse(data) as PersonErased;
        // Subjects without events have no ordinal.
        const met = subjectIds.map((each) => this.ordinals.get(each) ?? 0).sort((a, b) => a - b);
        return { stream, meta, met, customer: customerId === null ? null : (this.ordinals.get(customerId) ?? 0) };
      }
      case 'personal-data-opened':
      case 'subject-request-received':
      case 'subject-request-extended':
      case 'subject-request-answered': {
        const {
          subjectIds,
          quarantineIds,
          customerId,
          parameters: _,
          sealed,
          sealedReason,
          ...rest
        } = JSON.parse(data) as Data & {
          subjectIds?: string[];
          quarantineIds?: string[];
          customerId?: string | null;
        } & Readonly<Partial<Record<'sealed' | 'sealedReason', string>>>;
        const met = (ids: readonly string[] = []) => ids.map((each) => this.ordinals.get(each) ?? 0);
        const key = keys.get(recordKeyId(event));
        const text = sealed ?? sealedReason;
        const opened = text === undefined || key === undefined || key === 'erased' ? null : this.sealer.open(key, text);
        const customer = customerId === undefined || customerId === null ? null : met([customerId]);
        return { stream, id, meta, rest, subjects: met(subjectIds), bodies: met(quarantineIds), customer, opened };
      }
      case 'customers-merged':
      case 'customers-unmerged':
      case 'customers-kept-apart':
      case 'keep-apart-lifted': {
        const { one, other, sealed, ...decision } = JSON.parse(data) as CustomersMerged;
        // In the order of the sides: the first subject of each is the one that was named.
        const [met, others] = [one, other].map((side) => side.map((each) => this.ordinals.get(each) ?? 0));
        const key = keys.get(recordKeyId(event));
        const opened =
          sealed === undefined || key === undefined || key === 'erased' ? null : this.sealer.open(key, sealed);
        return { stream, id, meta, decision, one: met, other: others, opened };
      }
      case 'hold-placed':
      case 'restriction-placed':
      case 'erasure-requested': {
        const { subjectIds, customerId, ...rest } = JSON.parse(data) as HoldPlaced & { readonly ground?: string };
        // Subjects without events have no ordinal; their identifiers are compared in the clear.
        const met = subjectIds.map((each) => this.ordinals.get(each) ?? 0).sort((a, b) => a - b);
        const open = this.openedNames(meta, keys);
        const names = open.map(({ name }) => name).sort();
        const customer =
          open.find(({ subjectId }) => subjectId === customerId)?.name ?? this.ordinals.get(customerId ?? '') ?? null;
        const { by } = JSON.parse(meta) as HoldMeta;
        return {
          stream,
          met,
          names,
          customer,
          by,
          case: rest.case,
          ground: rest.ground,
          bodies: rest.quarantineIds?.length,
        };
      }
      case 'suppression-added': {
        const { suppressionId: _, subjectId, ...rest } = JSON.parse(data) as SuppressionAdded;
        const names = this.openedNames(meta, keys).map(({ name }) => name);
        return { stream, names, met: this.ordinals.get(subjectId) ?? 0, rest, by: (JSON.parse(meta) as HoldMeta).by };
      }
      case 'suppression-lifted':
      case 'hold-lifted':
      case 'restriction-lifted':
        return { stream, by: (JSON.parse(meta) as HoldMeta).by };
      case 'hash-key-adopted':
        return { stream, id, meta };
      case 'hash-key-changed': {
        // The mapping of an earlier change is hashed again.
        const { mapping: _, ...change } = JSON.parse(data) as HashKeyChanged;
        return { stream, id, meta, change };
      }
      case 'act-requested':
      case 'act-approved': {
        // An act that names subjects lapses with the move, and nothing of it can be opened: the rest of it stays.
        const { digest: _, sealed: __, ...act } = JSON.parse(data) as Data;
        const { detail = {} } = act as { detail?: { subjectIds?: string[]; customerId?: string } };
        if (detail.subjectIds === undefined) return { stream, id, meta, act };
        const named = { subjects: detail.subjectIds.length, customer: detail.customerId !== null };
        return { stream, id, meta, act: { actId: act['actId'], act: act['act'], ...named } };
      }
      case RECEIPT_TYPE: {
        const receipt = JSON.parse(data) as Receipt;
        const duplicates = receipt.duplicates.map(([name, position]) => [this.ordinals.get(name) ?? name, position]);
        return { stream, id, meta, receipt: { ...receipt, duplicates } };
      }
      default:
        return { stream, id, meta, data };
    }
  }

  private ordinal(name: string): number {
    const known = this.ordinals.get(name);
    if (known !== undefined) return known;
    this.ordinals.set(name, this.ordinals.size + 1);
    return this.ordinals.size;
  }
}

const namesIn = (meta: string): NonNullable<HoldMeta['identifiers']> =>
  (JSON.parse(meta) as HoldMeta).identifiers ?? [];
