import type { MovedEvent } from '../moving/moved-event.js';
import type { AppendItem, Expected, Positions, ReceiptDraft, Verdict } from '../port.js';
import { receiptsOf, RECEIPT_SOURCE } from '../receipt.js';
import type { Connection } from './connection.js';
import { Deduplication } from './deduplication.js';
import { EachAppend } from './each-append.js';
import { GroupAppend } from './group-append.js';
import { eventUuid, type IdTable } from './ids.js';
import { importGroups } from './import-groups.js';
import { InFlightIds } from './in-flight-ids.js';
import { OrderedImport } from './ordered-import.js';
import { prepareEach, uuidsOf } from './prepared.js';
import { WholeAppend } from './whole-append.js';

/** Appends batches: the event ids on record decide first, then the server. */
export class BatchAppender {
  readonly deduplication: Deduplication;
  readonly #inFlight = new InFlightIds();
  readonly #pending = new Set<Promise<unknown>>();
  readonly #whole: WholeAppend;
  readonly #each: EachAppend;
  readonly #imports: OrderedImport;

  constructor(
    connection: Connection,
    ids: IdTable,
    private readonly prefix: string,
  ) {
    this.deduplication = new Deduplication(connection, ids);
    const groups = new GroupAppend(connection, this.deduplication, prefix);
    this.#whole = new WholeAppend(groups, this.deduplication, this.#inFlight);
    this.#each = new EachAppend(groups, this.deduplication);
    this.#imports = new OrderedImport(connection, prefix);
  }

  /** All events to one stream, or none. */
  whole(expected: Expected, items: readonly AppendItem[]): Promise<readonly Verdict[]> {
    return this.#counted(this.#whole.run(expected, items));
  }

  /** Each item by itself; each stream's in their order; then the receipts. */
  each(
    items: readonly AppendItem[],
    drafts: readonly ReceiptDraft[],
    positions: Positions,
  ): Promise<readonly Verdict[]> {
    return this.#counted(this.#eachWithReceipts(items, drafts, positions));
  }

  /** Events of another log, as they were recorded there and in their order. One call at a time. */
  import(events: readonly MovedEvent[]): Promise<void> {
    return this.#counted(this.#import(events));
  }

  /** Resolves when no append is pending. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }

  async #counted<T>(work: Promise<T>): Promise<T> {
    this.#pending.add(work);
    try {
      return await work;
    } finally {
      this.#pending.delete(work);
    }
  }

  /** One look-up and one read of the end for both: what a receipt repeats was on record before the batch, or is in flight with it. */
  async #eachWithReceipts(
    items: readonly AppendItem[],
    drafts: readonly ReceiptDraft[],
    positions: Positions,
  ): Promise<readonly Verdict[]> {
    const { prepared, verdicts } = prepareEach(items);
    const uuids = [...new Set([...uuidsOf(prepared), ...drafts.map(receiptUuid)])];
    if (uuids.length === 0) return verdicts as Verdict[];
    await this.#inFlight.with(uuids, async () => {
      const known = await this.deduplication.of(uuids);
      if (prepared.length > 0) await this.#each.run(prepared, known, verdicts, positions);
      // Behind the events, because no commit of the server spans two streams: a receipt counts what is on record once they are stored.
      const receipts = drafts.flatMap((draft) => receiptsOf(draft, items, verdicts as Verdict[]));
      if (receipts.length === 0) return;
      const sent = prepareEach(receipts);
      // The ids of duplicates that did not fit into a first receipt.
      const further = uuidsOf(sent.prepared).filter((uuid) => !uuids.includes(uuid));
      const more = further.length > 0 ? await this.deduplication.lookup(further) : [];
      const all = { floor: known.floor, known: new Map([...known.known, ...more]) };
      await this.#each.run(sent.prepared, all, sent.verdicts, 'not-below');
    });
    return verdicts as Verdict[];
  }

  async #import(events: readonly MovedEvent[]): Promise<void> {
    await this.#imports.append(importGroups(events, this.prefix), () => this.deduplication.end());
  }
}

const receiptUuid = ({ id }: ReceiptDraft): string => eventUuid({ source: RECEIPT_SOURCE, id });
