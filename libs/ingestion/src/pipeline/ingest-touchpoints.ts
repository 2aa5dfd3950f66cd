import { hash, randomUUID } from 'node:crypto';
import { STREAMS, type Instant } from '#contracts';
import type { AppendItem, ReceiptDraft } from '#event-log';
import { LruCache, type KeyState } from '#keys';
import { checkFact, type ValidFact } from '../facts/business-fact.js';
import type { ClassKeys } from './class-keys.js';
import { OWN_SOURCES } from './envelope.js';
import { idReused, notStorable, type Ingestion } from './ingestion.js';
import {
  UNREADABLE_SOURCE,
  type IngestItem,
  type IngestOutcome,
  type IngestResult,
  type ItemResult,
  type OutcomeCounts,
} from './item.js';
import { arrivalOf, type Arrival } from './moment.js';
import {
  KEY_TYPE_NOT_PERMITTED,
  LOCAL_PUBLISHER,
  SOURCE_NOT_PERMITTED,
  type Publisher,
  type RejectedUnder,
} from './publisher.js';
import { nameIn, quarantineEvent, sealQuarantined, type QuarantineDraft } from './quarantined.js';
import { Rejection } from './rejection.js';
import { Turns } from './turns.js';
import { sealEvent, type ValidTouchpoint } from './sealed-event.js';
import { BatchWarnings, isWarned, warningsOf, type BatchWarning, type Warning } from './warnings.js';

/** So many suppressed events are recognised when they come again. */
const SUPPRESSED_MAX = 100_000;
/** Keys of bodies that are made in one transaction. */
const KEYS_AT_ONCE = 500;
/** The code of a suppressed event: a person in it was erased. */
const ERASED = 'erased';

/** Ingest this batch. */
export class IngestTouchpoints {
  constructor(
    readonly items: readonly IngestItem[],
    readonly receivedAt: Instant,
    /** `live` where a client sent these events just now: only then does `sentAt` tell how wrong the client's clock is. */
    readonly arrival: Arrival = 'kept',
    /** Whether the sender may not learn who was erased: see `IngestResult.concealed`. */
    readonly concealsErasure = false,
    readonly publisher: Publisher = LOCAL_PUBLISHER,
    /** Whether the results of accepted events name their positions: on a server that costs a reading for each stream. */
    readonly namesPositions = true,
  ) {}
}

export interface IngestOptions {
  /** Makes the ids of receipts: random by default. */
  readonly newId?: () => string;
  /** Called with every batch, for the metrics. */
  readonly onIngested?: (result: IngestResult) => void;
  /** Lets everything run that waits, between two turns of long work. */
  readonly nextTurn?: () => Promise<unknown>;
}

/** What is to be appended, with the outcome of each event if the log accepts it. */
interface PendingAppends {
  readonly items: AppendItem[];
  readonly outcomes: PendingOutcome[];
}

/** The outcome of an event if the log accepts it. */
interface PendingOutcome {
  readonly index: number;
  readonly source: string | null;
  readonly id: string | null;
  readonly outcome: 'accepted' | 'quarantined';
  readonly quarantined: QuarantineDraft | null;
}

/** An event that the log did not accept, with the reason. */
interface NotAppended {
  readonly index: number;
  readonly rejection: Rejection;
  /** Where it is kept, if its publisher may not speak for its source. */
  readonly under?: RejectedUnder;
}

/**
 * The use case of ingestion: each event of a batch gets exactly one outcome, and a batch is never rejected for one bad event. No read model is
 * queried: a batch costs one round trip for the keys and one for the log.
 */
export class IngestTouchpointsHandler {
  private readonly newId: () => string;
  private readonly nextTurn: (() => Promise<unknown>) | undefined;
  private readonly onIngested: ((result: IngestResult) => void) | undefined;
  private readonly receiptStreams = new LruCache<string, string>(1_000);
  /** Suppressed events that were seen, by a keyed hash of their names. */
  private readonly suppressed = new LruCache<string, true>(SUPPRESSED_MAX);

  constructor(
    private readonly ingestion: Ingestion,
    { newId = randomUUID, onIngested, nextTurn }: IngestOptions = {},
  ) {
    this.nextTurn = nextTurn;
    this.newId = newId;
    this.onIngested = onIngested;
  }

  /** Resolves once every event's outcome is durable, with a result for each, in their order. */
  async execute({
    items,
    receivedAt,
    arrival,
    concealsErasure,
    publisher,
    namesPositions,
  }: IngestTouchpoints): Promise<IngestResult> {
    const batch = new IngestBatch(items, receivedAt, arrival, publisher, namesPositions);
    const rejected: NotAppended[] = [];
    const touchpoints = await this.validate(batch, rejected);
    const classKeys = await this.ingestion.loadKeys(touchpoints);
    const pending: PendingAppends = { items: [], outcomes: [] };
    const suppressed: ItemResult[] = [];
    await this.seal(batch, { touchpoints, classKeys }, pending, suppressed);
    await this.quarantine(batch, rejected, pending, suppressed);
    const notAppended = await this.append(batch, pending, suppressed);
    // What the log itself does not accept is quarantined in a batch of its own, with its own receipt.
    if (notAppended.length > 0) await this.quarantineNotAppended(batch, notAppended);
    this.onIngested?.(batch);
    if (concealsErasure && batch.counts.suppressed > 0) await this.conceal(batch);
    return batch;
  }

  /**
   * Makes suppressed events look to their sender as those of any other customer: accepted the first time, and a duplicate from then on,
   * whether the log holds them from before the erasure or they were suppressed in this process.
   */
  private async conceal(batch: IngestBatch): Promise<void> {
    const suppressed = batch.exceptions
      .filter(({ outcome }) => outcome === 'suppressed')
      .map(({ index }) => batch.appearance(index));
    const names = suppressed.map(({ source, id, quarantineId }) =>
      quarantineId === undefined
        ? { source: source ?? '', id: id ?? '' }
        : { source: OWN_SOURCES.quarantine, id: quarantineId },
    );
    const recorded = await this.ingestion.log.find(names);
    suppressed.forEach((shown, at) => {
      const { source, id } = names[at] as (typeof names)[number];
      const key = this.ingestion.sealer.keyedId(`suppressed\0${source}\0${id}`);
      const isRepeated = (recorded[at] ?? null) !== null || this.suppressed.get(key) === true;
      this.suppressed.set(key, true);
      if (isRepeated) batch.appear({ ...shown, outcome: 'duplicate' });
    });
  }

  private async validate(batch: IngestBatch, rejected: NotAppended[]): Promise<ValidTouchpoint[]> {
    const turns = new Turns(this.nextTurn);
    const { items, valid } = batch;
    const { rejects } = batch.publisher;
    const touchpoints: ValidTouchpoint[] = [];
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index] as IngestItem;
      const under = rejects === undefined ? null : foreign(item, rejects);
      const checked = under === null ? this.check(item, batch) : SOURCE_NOT_PERMITTED;
      const touchpoint = permitted(checked, batch.publisher);
      if (touchpoint instanceof Rejection) {
        valid.push(null);
        rejected.push(under === null ? { index, rejection: touchpoint } : { index, rejection: touchpoint, under });
      } else {
        valid.push(touchpoint);
        if (!('kind' in touchpoint)) {
          touchpoints.push(touchpoint);
          if (isWarned(touchpoint)) batch.warned.push(index);
        }
      }
      // Not after the last one: what follows is another turn's work only if it is long itself.
      if (turns.isOver(item.size) && index < items.length - 1) await turns.next();
    }
    return touchpoints;
  }

  private check(item: IngestItem, batch: IngestBatch): ValidTouchpoint | ValidFact | Rejection {
    const { receivedAt, publisher } = batch;
    const arrivedAt = batch.arrivedAt(item);
    if (item.isFact !== true) return this.ingestion.validate(item, receivedAt, arrivedAt);
    return checkFact(item, this.ingestion.sources, { receivedAt, arrivedAt, by: publisher.by });
  }

  private async seal(
    { items, receivedAt, valid, publisher: { by } }: IngestBatch,
    loaded: { readonly touchpoints: readonly ValidTouchpoint[]; readonly classKeys: ClassKeys | null },
    pending: PendingAppends,
    suppressed: ItemResult[],
  ): Promise<void> {
    const { touchpoints } = loaded;
    let { classKeys } = loaded;
    const { identities, sealer } = this.ingestion;
    const turns = new Turns(this.nextTurn);
    let { epoch } = identities;
    for (let index = 0; index < items.length; index += 1) {
      const touchpoint = valid[index];
      if (touchpoint === null || touchpoint === undefined) continue;
      const { source, id } = touchpoint.envelope;
      const item =
        'kind' in touchpoint
          ? touchpoint.append
          : sealEvent(touchpoint, { epoch, classKeys }, sealer, receivedAt, by, items[index]?.provenance);
      if (item === null) suppressed.push(suppressedResult(index, source, id));
      else {
        pending.items.push(item);
        pending.outcomes.push({ index, source, id, outcome: 'accepted', quarantined: null });
      }
      if (!turns.isOver(items[index]?.size) || index === items.length - 1) continue;
      await turns.next();
      // A person may have been erased in the meantime.
      if (identities.epoch !== epoch) classKeys = await this.ingestion.loadKeys(touchpoints);
      ({ epoch } = identities);
    }
  }

  /** Makes the quarantine records of rejected events. */
  private async quarantine(
    batch: IngestBatch,
    rejected: readonly NotAppended[],
    pending: PendingAppends,
    suppressed: ItemResult[],
  ): Promise<void> {
    if (rejected.length === 0) return;
    const { identities, sealer, contracts, erasedPersons } = this.ingestion;
    const erased = await erasedPersons.load();
    const drafts: QuarantineDraft[] = [];
    const turns = new Turns(this.nextTurn);
    for (const { index, rejection, under = null } of rejected) {
      const item = batch.items[index] as IngestItem;
      const { by } = batch.publisher;
      const arriving = { receivedAt: batch.receivedAt, arrivedAt: batch.arrivedAt(item), by, under };
      // Searching a body costs more than parsing it: other requests have their turn in between.
      drafts.push(
        await turns.through(quarantineEvent(item, rejection, arriving, { identities, sealer, contracts, erased })),
      );
      if (turns.isOver()) await turns.next();
    }
    const keys = await this.keysOfBodies(drafts, turns);
    for (const [at, draft] of drafts.entries()) {
      if (turns.isOver(draft.body.length)) await turns.next();
      const { index } = rejected[at] as NotAppended;
      const { source, eventId: id } = draft;
      const item = sealQuarantined(draft, keys[at] ?? ERASED, sealer);
      if (item === null) {
        suppressed.push(suppressedResult(index, source, id));
        batch.appear(resultOf({ index, source, id, outcome: 'quarantined', quarantined: draft }, 'quarantined'));
      } else {
        pending.items.push(item);
        pending.outcomes.push({ index, source, id, outcome: 'quarantined', quarantined: draft });
      }
    }
  }

  /** The keys of quarantined bodies: made in a transaction for each turn, since a store may make them on the event loop. */
  private async keysOfBodies(drafts: readonly QuarantineDraft[], turns: Turns): Promise<readonly KeyState[]> {
    const keys: KeyState[] = [];
    for (let from = 0; from < drafts.length; from += KEYS_AT_ONCE) {
      if (from > 0) await turns.next();
      const part = drafts.slice(from, from + KEYS_AT_ONCE);
      const made = await this.ingestion.sealer.keys.createListed(
        part.map(({ quarantineId: id, listedUnder, keepUntil }) => ({ id, listedUnder, keepUntil })),
      );
      for (const key of made) keys.push(key);
    }
    return keys;
  }

  /** Appends in one commit, with a receipt for each source. Returns what the log did not accept. */
  private async append(
    batch: IngestBatch,
    { items, outcomes }: PendingAppends,
    suppressed: readonly ItemResult[],
  ): Promise<readonly NotAppended[]> {
    for (const result of suppressed) batch.record(result);
    if (items.length === 0 && suppressed.length === 0) return [];
    if (this.ingestion.lacksPolicy && outcomes.some(({ outcome }) => outcome === 'accepted'))
      await this.ingestion.publishFirstPolicy();
    const receipts = this.receipts(outcomes, suppressed, batch.receivedAt);
    const positions = batch.namesPositions ? 'exact' : 'not-below';
    const verdicts = await this.ingestion.log.appendMany(items, receipts, { positions });
    const notAppended: NotAppended[] = [];
    for (let at = 0; at < outcomes.length; at += 1) {
      const pending = outcomes[at] as PendingOutcome;
      const { index } = pending;
      const verdict = verdicts[at];
      switch (verdict?.status) {
        case 'accepted':
          if (pending.quarantined === null) batch.accept(index, verdict.position);
          else batch.record(resultOf(pending, pending.outcome, verdict.position));
          break;
        case 'duplicate':
          batch.record(resultOf(pending, 'duplicate', verdict.position));
          break;
        case 'id-reused':
          notAppended.push({ index, rejection: idReused(verdict.position) });
          break;
        case 'rejected':
          notAppended.push({ index, rejection: notStorable(verdict.reason) });
          break;
        default:
          throw new Error(`The log gave no verdict on an event that expects nothing: ${JSON.stringify(verdict)}.`);
      }
    }
    return notAppended;
  }

  private async quarantineNotAppended(batch: IngestBatch, notAppended: readonly NotAppended[]): Promise<void> {
    const pending: PendingAppends = { items: [], outcomes: [] };
    const suppressed: ItemResult[] = [];
    await this.quarantine(batch, notAppended, pending, suppressed);
    const again = await this.append(batch, pending, suppressed);
    // A record of ours is small, well-formed, and named by its content: the log has no reason to reject it.
    if (again.length > 0) throw new Error(`The log did not accept a quarantine record: ${again[0]?.rejection.code}.`);
  }

  private receipts(
    outcomes: readonly PendingOutcome[],
    suppressed: readonly ItemResult[],
    receivedAt: Instant,
  ): ReceiptDraft[] {
    const bySource = new Map<
      string,
      { items: { index: number; outcome: PendingOutcome['outcome'] }[]; suppressed: number }
    >();
    const draftOf = (source: string | null) => {
      const name = source ?? UNREADABLE_SOURCE;
      let draft = bySource.get(name);
      if (draft === undefined) bySource.set(name, (draft = { items: [], suppressed: 0 }));
      return draft;
    };
    for (let index = 0; index < outcomes.length; index += 1) {
      const { source, outcome } = outcomes[index] as PendingOutcome;
      draftOf(source).items.push({ index, outcome });
    }
    for (const { source } of suppressed) draftOf(source).suppressed += 1;
    return [...bySource].map(([source, draft]) => ({
      stream: this.receiptStream(source),
      id: this.newId(),
      source,
      receivedAt,
      items: draft.items,
      suppressed: draft.suppressed === 0 ? {} : { [ERASED]: draft.suppressed },
    }));
  }

  private receiptStream(source: string): string {
    const known = this.receiptStreams.get(source);
    if (known !== undefined) return known;
    const stream = STREAMS.receipts(hash('sha256', source, 'hex').slice(0, 32));
    this.receiptStreams.set(source, stream);
    return stream;
  }
}

function resultOf(pending: PendingOutcome, outcome: IngestOutcome, position?: number): ItemResult {
  const { index, source, id, quarantined } = pending;
  const at = position === undefined ? {} : { position };
  if (quarantined === null) return { index, source, id, outcome, ...at };
  const { quarantineId, issues: errors, data } = quarantined;
  const { code } = data;
  const [{ pointer, detail, hint }] = errors;
  const named = data.claimedSource ?? source;
  return { index, source: named, id, outcome, ...at, code, pointer, detail, hint, errors, quarantineId };
}

/** The same, unless its publisher may not send its type: then it is quarantined under its source, which is the publisher's own. */
const permitted = <T extends ValidTouchpoint | ValidFact | Rejection>(
  checked: T,
  { sends }: Publisher,
): T | Rejection =>
  sends === undefined || checked instanceof Rejection || sends(checked.envelope.type)
    ? checked
    : KEY_TYPE_NOT_PERMITTED;

/** Where an event is kept whose publisher may not speak for the source that it names; null for any other. */
function foreign(item: IngestItem, rejects: NonNullable<Publisher['rejects']>): RejectedUnder | null {
  const source = nameIn(item.document, 'source');
  return source === null ? null : rejects(item, source);
}

function suppressedResult(index: number, source: string | null, id: string | null): ItemResult {
  return { index, source, id, outcome: 'suppressed', code: ERASED, detail: 'a person in it was erased' };
}

/** A batch in the pipeline, with the outcomes so far. Most events are accepted: only the other outcomes are kept as objects. */
class IngestBatch implements IngestResult {
  readonly counts: OutcomeCounts;
  /** The valid touchpoints and facts, by the index of their item; null for rejected items. */
  readonly valid: (ValidTouchpoint | ValidFact | null)[] = [];
  private readonly positions: Float64Array;
  private readonly notAccepted: (ItemResult | undefined)[] = [];
  private readonly appearances = new Map<number, ItemResult>();
  /** The events that there is something to warn of, by their index. */
  readonly warned: number[] = [];

  constructor(
    readonly items: readonly IngestItem[],
    readonly receivedAt: Instant,
    private readonly arrival: Arrival,
    readonly publisher: Publisher,
    readonly namesPositions: boolean,
  ) {
    this.counts = { received: items.length, accepted: 0, duplicate: 0, quarantined: 0, suppressed: 0 };
    this.positions = new Float64Array(items.length);
  }

  arrivedAt({ provenance }: IngestItem): Instant | null {
    return arrivalOf(provenance, this.arrival, this.receivedAt);
  }

  accept(index: number, position: number): void {
    this.positions[index] = position;
    this.counts.accepted += 1;
  }

  /** Records any outcome but `accepted`. */
  record(result: ItemResult): void {
    this.notAccepted[result.index] = result;
    this.counts[result.outcome] += 1;
  }

  /** What a suppressed event looks like to a sender who may not learn that a person was erased: accepted, unless said otherwise. */
  appear(result: ItemResult): void {
    this.appearances.set(result.index, result);
  }

  appearance(index: number): ItemResult {
    const known = this.appearances.get(index);
    if (known !== undefined) return known;
    const { position: _, ...accepted } = this.accepted(index);
    return accepted;
  }

  get results(): readonly ItemResult[] {
    return this.items.map((_, index) => this.notAccepted[index] ?? this.accepted(index));
  }

  get exceptions(): readonly ItemResult[] {
    return this.notAccepted.filter((result) => result !== undefined);
  }

  get warnings(): readonly BatchWarning[] {
    if (this.warned.length === 0) return [];
    const warnings = new BatchWarnings();
    for (const index of this.warned)
      warnings.add(this.valid[index]?.envelope.type ?? '', index, this.warningsAt(index) ?? []);
    return warnings.all;
  }

  get concealed(): Omit<IngestResult, 'concealed'> {
    const results = this.results.map((result) =>
      withoutPosition(result.outcome === 'suppressed' ? this.appearance(result.index) : result),
    );
    const counts: OutcomeCounts = {
      received: results.length,
      accepted: 0,
      duplicate: 0,
      quarantined: 0,
      suppressed: 0,
    };
    for (const { outcome } of results) counts[outcome] += 1;
    const exceptions = results.filter(({ outcome }) => outcome !== 'accepted');
    return { counts, results, exceptions, warnings: this.warnings };
  }

  private accepted(index: number): ItemResult {
    const envelope = this.valid[index]?.envelope;
    const { source = null, id = null } = envelope ?? {};
    const warnings = this.warningsAt(index);
    return {
      index,
      source,
      id,
      outcome: 'accepted',
      ...(this.namesPositions ? { position: this.positions[index] ?? 0 } : {}),
      ...(warnings === null ? {} : { warnings }),
    };
  }

  private warningsAt(index: number): readonly Warning[] | null {
    const touchpoint = this.valid[index];
    if (touchpoint === null || touchpoint === undefined || 'kind' in touchpoint || !isWarned(touchpoint)) return null;
    const warnings = warningsOf(touchpoint, this.items[index] as IngestItem);
    return warnings.length === 0 ? null : warnings;
  }
}

/** A position would tell which events the log holds. */
function withoutPosition(result: ItemResult): ItemResult {
  const { position: _, ...rest } = result;
  return rest.code === 'id-reused' ? { ...rest, ...CONCEALED_REUSE, errors: [CONCEALED_REUSE] } : rest;
}

const CONCEALED_REUSE = {
  pointer: '#/id',
  detail: 'was used before for other content',
  hint: 'give every event an id of its own',
} as const;
