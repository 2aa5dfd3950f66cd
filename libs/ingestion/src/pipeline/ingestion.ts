import { hash, randomUUID } from 'node:crypto';
import { STREAMS, type Instant } from '#contracts';
import type { AppendItem, EventLog, ReceiptDraft } from '#event-log';
import { Recent, type Sealer } from '#keys';
import { Batch } from './batch.js';
import { checkEnvelope } from './envelope.js';
import { Identities } from './identities.js';
import type { Fate, IntakeItem, ItemResult, Taken } from './item.js';
import { placeInTime } from './moment.js';
import { quarantineEvent, setAside, type SetAside } from './quarantined.js';
import { Refusal } from './rejection.js';
import { sealEvent, type Passed } from './sealed-event.js';
import { TypeContracts } from './type-contracts.js';

/** Stands for the source of an event that does not tell it in a readable way, where fates are counted. */
export const UNREADABLE_SOURCE = '(unreadable)';
/** Why something was suppressed: a person whom it names was erased. */
const ERASED = 'erased';

export interface IntakeParts {
  readonly log: EventLog;
  readonly sealer: Sealer;
  readonly contracts?: TypeContracts;
  /** Names receipts: by chance unless given. */
  readonly newId?: () => string;
  /** Told of every batch, for the metrics. */
  readonly onTaken?: (taken: Taken) => void;
}

/** What became of an event that was taken in again. */
export type Admission =
  | { readonly fate: 'accepted' | 'duplicate'; readonly source: string; readonly id: string; readonly position: number }
  | { readonly fate: 'suppressed' }
  | { readonly fate: 'refused'; readonly refusal: Refusal };

/** What is to be appended for one event, and what it is if the log accepts it. */
interface Planned {
  readonly index: number;
  readonly source: string | null;
  readonly id: string | null;
  readonly fate: 'accepted' | 'quarantined';
  readonly item: AppendItem;
  readonly aside: SetAside | null;
}

/**
 * Takes events in: each gets exactly one fate, and a batch is never refused for one bad event. Nobody is looked up:
 * a batch costs one round for the keys and one for the log.
 */
export class Intake {
  readonly contracts: TypeContracts;
  readonly identities: Identities;
  private readonly log: EventLog;
  private readonly sealer: Sealer;
  private readonly newId: () => string;
  private readonly onTaken: ((taken: Taken) => void) | undefined;
  private readonly receiptStreams = new Recent<string, string>(1_000);

  constructor({ log, sealer, contracts = new TypeContracts(), newId = randomUUID, onTaken }: IntakeParts) {
    this.log = log;
    this.sealer = sealer;
    this.contracts = contracts;
    this.newId = newId;
    this.onTaken = onTaken;
    this.identities = new Identities(sealer);
  }

  /** Resolves once every event's fate is durable, with a result for each, in their order. */
  async take(items: readonly IntakeItem[], { receivedAt }: { readonly receivedAt: Instant }): Promise<Taken> {
    const batch = new Batch(items, receivedAt);
    const touchpoints: Passed[] = [];
    const aside: { readonly index: number; readonly aside: SetAside }[] = [];
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index] as IntakeItem;
      const outcome = this.check(item, receivedAt);
      if (outcome instanceof Refusal) {
        batch.passed.push(null);
        aside.push({ index, aside: this.setAside(item, outcome, receivedAt) });
      } else {
        batch.passed.push(outcome);
        touchpoints.push(outcome);
      }
    }
    await this.identities.askKeys(touchpoints);
    const { epoch } = this.identities;
    const planned: Planned[] = [];
    const suppressed: ItemResult[] = [];
    for (let index = 0; index < items.length; index += 1) {
      const touchpoint = batch.passed[index];
      if (touchpoint === null || touchpoint === undefined) continue;
      const { source, id } = touchpoint.envelope;
      const item = sealEvent(touchpoint, epoch, this.sealer, receivedAt, items[index]?.provenance);
      if (item === null) suppressed.push(suppress(index, source, id));
      else planned.push({ index, source, id, fate: 'accepted', item, aside: null });
    }
    await this.planAside(aside, planned, suppressed);
    const left = await this.append(batch, planned, suppressed);
    // What the log itself would not take is set aside in a batch of its own, with its own receipt.
    if (left.length > 0) await this.appendLeft(batch, left);
    this.onTaken?.(batch);
    return batch;
  }

  /** The steps that need nobody's key: what passes them is a touchpoint, and the rest has a reason. */
  check(item: IntakeItem, receivedAt: Instant): Passed | Refusal {
    if (item.refusal !== undefined) return item.refusal;
    const checked = checkEnvelope(item.document, item.envelope);
    if (checked instanceof Refusal) return checked;
    const { envelope, others } = checked;
    const identified = this.identities.identify(envelope.identifiers);
    if (identified instanceof Refusal) return identified;
    const moment = placeInTime(envelope, receivedAt);
    if (moment instanceof Refusal) return moment;
    const contract = this.contracts.of(envelope.type, envelope.schemaVersion);
    if (contract === null)
      return Refusal.of(
        'type-unknown',
        '/type',
        'is neither a type of the catalogue nor a registered one',
        'use a type of the catalogue, or register this one with its JSON Schema and release the event',
      );
    const plain = contract.readPlain(envelope.data);
    if (plain !== null) return { envelope, others, identified, moment, contract, plain };
    const validity = contract.validate(envelope.data);
    if (!validity.ok) {
      const [first, ...rest] = validity.errors.map((flaw) => ({ ...flaw, path: `/data${flaw.path}` }));
      return new Refusal('data-invalid', [
        first ?? { path: '/data', reason: 'are not what the contract says', mend: 'see the contract' },
        ...rest,
      ]);
    }
    return { envelope, others, identified, moment, contract, plain };
  }

  /**
   * Takes one event in again that was received before: with no receipt, for it was counted then, and without setting it
   * aside a second time.
   */
  async admit(item: IntakeItem, receivedAt: Instant): Promise<Admission> {
    const outcome = this.check(item, receivedAt);
    if (outcome instanceof Refusal) return { fate: 'refused', refusal: outcome };
    await this.identities.askKeys([outcome]);
    const event = sealEvent(outcome, this.identities.epoch, this.sealer, receivedAt);
    if (event === null) return { fate: 'suppressed' };
    const [verdict] = await this.log.appendMany([event]);
    const { source, id } = outcome.envelope;
    switch (verdict?.status) {
      case 'accepted':
      case 'duplicate':
        return { fate: verdict.status, source, id, position: verdict.position };
      case 'id-reused':
        return { fate: 'refused', refusal: idReused(verdict.position) };
      default:
        return { fate: 'refused', refusal: notStorable(verdict?.status === 'refused' ? verdict.reason : 'no verdict') };
    }
  }

  private setAside(item: IntakeItem, refusal: Refusal, receivedAt: Instant): SetAside {
    return setAside(item, refusal, receivedAt, this.identities, this.sealer);
  }

  /** Gives every body that is set aside its key, all in one transaction. */
  private async planAside(
    aside: readonly { readonly index: number; readonly aside: SetAside }[],
    planned: Planned[],
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
      else planned.push({ index, source, id, fate: 'quarantined', item, aside: each });
    }
  }

  /** Appends in one commit, with a receipt for each source; gives back what the log would not take, with the reason. */
  private async append(
    batch: Batch,
    planned: readonly Planned[],
    suppressed: readonly ItemResult[],
  ): Promise<{ readonly plan: Planned; readonly refusal: Refusal }[]> {
    for (const result of suppressed) batch.tell(result);
    if (planned.length === 0 && suppressed.length === 0) return [];
    const verdicts = await this.log.appendMany(
      planned.map(({ item }) => item),
      this.receipts(planned, suppressed, batch.receivedAt),
    );
    const left: { readonly plan: Planned; readonly refusal: Refusal }[] = [];
    for (let at = 0; at < planned.length; at += 1) {
      const plan = planned[at] as Planned;
      const verdict = verdicts[at];
      switch (verdict?.status) {
        case 'accepted':
          if (plan.aside === null) batch.accept(plan.index, verdict.position);
          else batch.tell(resultOf(plan, plan.fate, verdict.position));
          break;
        case 'duplicate':
          batch.tell(resultOf(plan, 'duplicate', verdict.position));
          break;
        case 'id-reused':
          left.push({ plan, refusal: idReused(verdict.position) });
          break;
        case 'refused':
          left.push({ plan, refusal: notStorable(verdict.reason) });
          break;
        default:
          throw new Error(`The log gave no verdict on an event that expects nothing: ${JSON.stringify(verdict)}.`);
      }
    }
    return left;
  }

  private async appendLeft(
    batch: Batch,
    left: readonly { readonly plan: Planned; readonly refusal: Refusal }[],
  ): Promise<void> {
    const planned: Planned[] = [];
    const suppressed: ItemResult[] = [];
    const aside = left.map(({ plan: { index }, refusal }) => {
      const item = batch.items[index] as IntakeItem;
      return { index, aside: this.setAside(item, refusal, batch.receivedAt) };
    });
    await this.planAside(aside, planned, suppressed);
    const again = await this.append(batch, planned, suppressed);
    // A record of ours is small, well-formed, and named by its content: the log has no reason to refuse it.
    if (again.length > 0) throw new Error(`The log would not take a quarantine record: ${again[0]?.refusal.code}.`);
  }

  private receipts(
    planned: readonly Planned[],
    suppressed: readonly ItemResult[],
    receivedAt: Instant,
  ): ReceiptDraft[] {
    const bySource = new Map<string, { items: { index: number; fate: Planned['fate'] }[]; suppressed: number }>();
    const of = (source: string | null) => {
      const name = source ?? UNREADABLE_SOURCE;
      let draft = bySource.get(name);
      if (draft === undefined) bySource.set(name, (draft = { items: [], suppressed: 0 }));
      return draft;
    };
    for (let index = 0; index < planned.length; index += 1) {
      const { source, fate } = planned[index] as Planned;
      of(source).items.push({ index, fate });
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

function resultOf({ index, source, id, aside }: Planned, fate: Fate, position: number): ItemResult {
  if (aside === null) return { index, source, id, fate, position };
  const { code, path, detail, mend } = aside.data;
  return { index, source, id, fate, position, code, path, detail, mend, quarantineId: aside.quarantineId };
}

function suppress(index: number, source: string | null, id: string | null): ItemResult {
  return { index, source, id, fate: 'suppressed', code: ERASED, detail: 'a person whom it names was erased' };
}

function idReused(position: number): Refusal {
  return Refusal.of(
    'id-reused',
    '/id',
    `was used before for other content, at position ${position} of the log`,
    'give every event an id of its own; discard this one if it is a mere repetition',
  );
}

function notStorable(reason: string): Refusal {
  return Refusal.of('not-storable', '', reason, 'send it in another form');
}
