import { hash, randomUUID } from 'node:crypto';
import { issueUnder, STREAMS, type Instant } from '#contracts';
import type { AppendItem, EventLog, ReceiptDraft } from '#event-log';
import { LruCache, type Sealer } from '#keys';
import { IngestBatch } from './batch.js';
import { checkEnvelope } from './envelope.js';
import { Identities } from './identities.js';
import type { IngestOutcome, IngestItem, ItemResult, IngestResult } from './item.js';
import { placeInTime } from './moment.js';
import { quarantineEvent, setAside, type SetAside } from './quarantined.js';
import { Rejection } from './rejection.js';
import { sealEvent, type ValidTouchpoint } from './sealed-event.js';
import { TypeContracts } from './type-contracts.js';

/** Stands for the source of an event that does not tell it in a readable way, where outcomes are counted. */
export const UNREADABLE_SOURCE = '(unreadable)';
/** Why something was suppressed: a person whom it names was erased. */
const ERASED = 'erased';

export interface IngestionDependencies {
  readonly log: EventLog;
  readonly sealer: Sealer;
  readonly contracts?: TypeContracts;
  /** Names receipts: by chance unless given. */
  readonly newId?: () => string;
  /** Told of every batch, for the metrics. */
  readonly onIngested?: (taken: IngestResult) => void;
}

/** What became of an event that was taken in again. */
export type Admission =
  | {
      readonly outcome: 'accepted' | 'duplicate';
      readonly source: string;
      readonly id: string;
      readonly position: number;
    }
  | { readonly outcome: 'suppressed' }
  | { readonly outcome: 'refused'; readonly rejection: Rejection };

/** What is to be appended for one event, and what it is if the log accepts it. */
interface PendingAppend {
  readonly index: number;
  readonly source: string | null;
  readonly id: string | null;
  readonly outcome: 'accepted' | 'quarantined';
  readonly item: AppendItem;
  readonly aside: SetAside | null;
}

/**
 * Takes events in: each gets exactly one outcome, and a batch is never rejected for one bad event. Nobody is looked up:
 * a batch costs one round for the keys and one for the log.
 */
export class Ingestion {
  readonly contracts: TypeContracts;
  readonly identities: Identities;
  private readonly log: EventLog;
  private readonly sealer: Sealer;
  private readonly newId: () => string;
  private readonly onIngested: ((taken: IngestResult) => void) | undefined;
  private readonly receiptStreams = new LruCache<string, string>(1_000);

  constructor({ log, sealer, contracts = new TypeContracts(), newId = randomUUID, onIngested }: IngestionDependencies) {
    this.log = log;
    this.sealer = sealer;
    this.contracts = contracts;
    this.newId = newId;
    this.onIngested = onIngested;
    this.identities = new Identities(sealer);
  }

  /** Resolves once every event's outcome is durable, with a result for each, in their order. */
  async take(items: readonly IngestItem[], { receivedAt }: { readonly receivedAt: Instant }): Promise<IngestResult> {
    const batch = new IngestBatch(items, receivedAt);
    const touchpoints: ValidTouchpoint[] = [];
    const aside: { readonly index: number; readonly aside: SetAside }[] = [];
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index] as IngestItem;
      const outcome = this.check(item, receivedAt);
      if (outcome instanceof Rejection) {
        batch.valid.push(null);
        aside.push({ index, aside: this.setAside(item, outcome, receivedAt) });
      } else {
        batch.valid.push(outcome);
        touchpoints.push(outcome);
      }
    }
    await this.identities.askKeys(touchpoints);
    const { epoch } = this.identities;
    const pending: PendingAppend[] = [];
    const suppressed: ItemResult[] = [];
    for (let index = 0; index < items.length; index += 1) {
      const touchpoint = batch.valid[index];
      if (touchpoint === null || touchpoint === undefined) continue;
      const { source, id } = touchpoint.envelope;
      const item = sealEvent(touchpoint, epoch, this.sealer, receivedAt, items[index]?.provenance);
      if (item === null) suppressed.push(suppress(index, source, id));
      else pending.push({ index, source, id, outcome: 'accepted', item, aside: null });
    }
    await this.planAside(aside, pending, suppressed);
    const left = await this.append(batch, pending, suppressed);
    // What the log itself would not take is quarantined in a batch of its own, with its own receipt.
    if (left.length > 0) await this.appendLeft(batch, left);
    this.onIngested?.(batch);
    return batch;
  }

  /** The steps that need nobody's key: what passes them is a touchpoint, and the rest has a reason. */
  check(item: IngestItem, receivedAt: Instant): ValidTouchpoint | Rejection {
    if (item.rejection !== undefined) return item.rejection;
    const checked = checkEnvelope(item.document, item.envelope);
    if (checked instanceof Rejection) return checked;
    const { envelope, others } = checked;
    const identified = this.identities.identify(envelope.identifiers);
    if (identified instanceof Rejection) return identified;
    const moment = placeInTime(envelope, receivedAt);
    if (moment instanceof Rejection) return moment;
    const contract = this.contracts.of(envelope.type, envelope.schemaVersion);
    if (contract === null)
      return Rejection.of(
        'type-unknown',
        '#/type',
        'is neither a type of the catalogue nor a registered one',
        'use a type of the catalogue, or register this one with its JSON Schema and release the event',
      );
    const plain = contract.readSimple(envelope.data);
    if (plain !== null) return { envelope, others, identified, moment, contract, plain };
    const validity = contract.validate(envelope.data);
    if (!validity.ok) {
      const [first, ...rest] = validity.errors.map((issue) => issueUnder('#/data', issue));
      return new Rejection('data-invalid', [
        first ?? { pointer: '#/data', detail: 'are not what the contract says', hint: 'see the contract' },
        ...rest,
      ]);
    }
    return { envelope, others, identified, moment, contract, plain };
  }

  /**
   * Takes one event in again that was received before: with no receipt, for it was counted then, and without setting it
   * aside a second time.
   */
  async admit(item: IngestItem, receivedAt: Instant): Promise<Admission> {
    const outcome = this.check(item, receivedAt);
    if (outcome instanceof Rejection) return { outcome: 'refused', rejection: outcome };
    await this.identities.askKeys([outcome]);
    const event = sealEvent(outcome, this.identities.epoch, this.sealer, receivedAt);
    if (event === null) return { outcome: 'suppressed' };
    const [verdict] = await this.log.appendMany([event]);
    const { source, id } = outcome.envelope;
    switch (verdict?.status) {
      case 'accepted':
      case 'duplicate':
        return { outcome: verdict.status, source, id, position: verdict.position };
      case 'id-reused':
        return { outcome: 'refused', rejection: idReused(verdict.position) };
      default:
        return {
          outcome: 'refused',
          rejection: notStorable(verdict?.status === 'refused' ? verdict.reason : 'no verdict'),
        };
    }
  }

  private setAside(item: IngestItem, rejection: Rejection, receivedAt: Instant): SetAside {
    return setAside(item, rejection, receivedAt, this.identities, this.sealer);
  }

  /** Gives every body that is quarantined its key, all in one transaction. */
  private async planAside(
    aside: readonly { readonly index: number; readonly aside: SetAside }[],
    pending: PendingAppend[],
    suppressed: ItemResult[],
  ): Promise<void> {
    if (aside.length === 0) return;
    const keys = await this.sealer.keys.createListed(
      aside.map(({ aside: { quarantineId, listedUnder } }) => ({ id: quarantineId, listedUnder })),
    );
    for (const [at, { index, aside: each }] of aside.entries()) {
      const { source, eventId: id } = each;
      const item = quarantineEvent(each, keys[at] ?? ERASED, this.sealer);
      if (item === null) suppressed.push(suppress(index, source, id));
      else pending.push({ index, source, id, outcome: 'quarantined', item, aside: each });
    }
  }

  /** Appends in one commit, with a receipt for each source; gives back what the log would not take, with the reason. */
  private async append(
    batch: IngestBatch,
    pending: readonly PendingAppend[],
    suppressed: readonly ItemResult[],
  ): Promise<{ readonly plan: PendingAppend; readonly rejection: Rejection }[]> {
    for (const result of suppressed) batch.tell(result);
    if (pending.length === 0 && suppressed.length === 0) return [];
    const verdicts = await this.log.appendMany(
      pending.map(({ item }) => item),
      this.receipts(pending, suppressed, batch.receivedAt),
    );
    const left: { readonly plan: PendingAppend; readonly rejection: Rejection }[] = [];
    for (let at = 0; at < pending.length; at += 1) {
      const plan = pending[at] as PendingAppend;
      const verdict = verdicts[at];
      switch (verdict?.status) {
        case 'accepted':
          if (plan.aside === null) batch.accept(plan.index, verdict.position);
          else batch.tell(resultOf(plan, plan.outcome, verdict.position));
          break;
        case 'duplicate':
          batch.tell(resultOf(plan, 'duplicate', verdict.position));
          break;
        case 'id-reused':
          left.push({ plan, rejection: idReused(verdict.position) });
          break;
        case 'refused':
          left.push({ plan, rejection: notStorable(verdict.reason) });
          break;
        default:
          throw new Error(`The log gave no verdict on an event that expects nothing: ${JSON.stringify(verdict)}.`);
      }
    }
    return left;
  }

  private async appendLeft(
    batch: IngestBatch,
    left: readonly { readonly plan: PendingAppend; readonly rejection: Rejection }[],
  ): Promise<void> {
    const pending: PendingAppend[] = [];
    const suppressed: ItemResult[] = [];
    const aside = left.map(({ plan: { index }, rejection }) => {
      const item = batch.items[index] as IngestItem;
      return { index, aside: this.setAside(item, rejection, batch.receivedAt) };
    });
    await this.planAside(aside, pending, suppressed);
    const again = await this.append(batch, pending, suppressed);
    // A record of ours is small, well-formed, and named by its content: the log has no reason to reject it.
    if (again.length > 0) throw new Error(`The log would not take a quarantine record: ${again[0]?.rejection.code}.`);
  }

  private receipts(
    pending: readonly PendingAppend[],
    suppressed: readonly ItemResult[],
    receivedAt: Instant,
  ): ReceiptDraft[] {
    const bySource = new Map<
      string,
      { items: { index: number; outcome: PendingAppend['outcome'] }[]; suppressed: number }
    >();
    const of = (source: string | null) => {
      const name = source ?? UNREADABLE_SOURCE;
      let draft = bySource.get(name);
      if (draft === undefined) bySource.set(name, (draft = { items: [], suppressed: 0 }));
      return draft;
    };
    for (let index = 0; index < pending.length; index += 1) {
      const { source, outcome } = pending[index] as PendingAppend;
      of(source).items.push({ index, outcome });
    }
    for (const { source } of suppressed) of(source).suppressed += 1;
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

function resultOf({ index, source, id, aside }: PendingAppend, outcome: IngestOutcome, position: number): ItemResult {
  if (aside === null) return { index, source, id, outcome, position };
  const { code, pointer: path, detail, hint } = aside.data;
  return { index, source, id, outcome, position, code, pointer: path, detail, hint, quarantineId: aside.quarantineId };
}

function suppress(index: number, source: string | null, id: string | null): ItemResult {
  return { index, source, id, outcome: 'suppressed', code: ERASED, detail: 'a person whom it names was erased' };
}

function idReused(position: number): Rejection {
  return Rejection.of(
    'id-reused',
    '#/id',
    `was used before for other content, at position ${position} of the log`,
    'give every event an id of its own; discard this one if it is a mere repetition',
  );
}

function notStorable(reason: string): Rejection {
  return Rejection.of('not-storable', '#', reason, 'send it in another form');
}
