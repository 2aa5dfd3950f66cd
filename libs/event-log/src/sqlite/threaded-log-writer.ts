import { threadFile, WorkerClient, type Failure } from '#platform/threads';
import type { LogIdentity } from '#platform';
import { EventLogError } from '../port.js';
import type { AppendItem, Expected, NewEvent, ReceiptDraft, Verdict } from '../port.js';
import type { LogWriter, WriteRequest } from './log-writer.js';

/** With so many events together a commit begins before the turn of the event loop is over, so that the thread is not idle. */
const EVENTS_AWAITED = 200;

/**
 * Writes in a thread of its own, so that the event loop is free while the disk syncs. A request is posted at once, while its
 * texts are at hand; requests of one turn of the loop, up to a bound, and those that come while the thread is busy are committed
 * together, so that a page which they share is written once.
 */
export class ThreadedLogWriter implements LogWriter {
  /** Events posted since the last commit message. */
  #events = 0;

  private constructor(private readonly thread: WorkerClient<ToThread, FlatVerdicts | undefined>) {}

  /** Starts the thread and waits until the file is open. `committed` is called after each commit. */
  static async start(file: string, committed: () => void): Promise<ThreadedLogWriter> {
    const thread = new WorkerClient<ToThread, FlatVerdicts | undefined>({
      file: threadFile(import.meta.url, 'writer-thread'),
      workerData: { file },
      errorOf,
      ended: (cause) =>
        new EventLogError(
          'unavailable',
          'The writer thread of the event log ended. Whether the last requests were stored is unknown: look their event ids up.',
          cause === undefined ? {} : { cause },
        ),
      keepsProcessAlive: true,
      answered: committed,
    });
    await thread.ready();
    return new ThreadedLogWriter(thread);
  }

  async write(request: WriteRequest): Promise<readonly Verdict[]> {
    const items = flatten(request.items);
    const receipts = request.kind === 'each' ? flattenReceipts(request.receipts) : [];
    const verdicts = await this.#ask(
      (no) =>
        request.kind === 'whole' ? { ...request, no, items } : { kind: 'each', now: request.now, no, items, receipts },
      request.items.length,
    );
    return verdicts === undefined ? [] : unflattenVerdicts(verdicts);
  }

  async allowPages(pagesMax: number): Promise<void> {
    await this.#ask((no) => ({ kind: 'allow-pages', no, pagesMax }), 0);
  }

  async identify(identity: LogIdentity): Promise<void> {
    await this.#ask((no) => ({ kind: 'identify', no, identity }), 0);
  }

  async close(): Promise<void> {
    await this.thread.close({ kind: 'close' });
  }

  /** Ends the thread in the middle of its work, for tests. */
  async kill(): Promise<void> {
    await this.thread.terminate();
  }

  #ask(message: (no: number) => ToThread, events: number): Promise<FlatVerdicts | undefined> {
    const answer = this.thread.ask(message);
    const isFirst = this.#events === 0;
    // A request may hold no event, and counts as one.
    this.#events += Math.max(1, events);
    if (this.#events >= EVENTS_AWAITED) this.#commit();
    else if (isFirst) setImmediate(() => this.#commit());
    return answer;
  }

  #commit(): void {
    if (this.#events === 0) return;
    this.#events = 0;
    this.thread.post({ kind: 'commit' });
  }
}

/**
 * From the log to its writer's thread. A message with a number is answered under it; `whole` and `each` wait for the next
 * `commit`.
 */
export type ToThread =
  | {
      readonly kind: 'whole';
      readonly no: number;
      readonly now?: number | undefined;
      readonly expected: Expected;
      readonly items: FlatItems;
    }
  | {
      readonly kind: 'each';
      readonly no: number;
      readonly now?: number | undefined;
      readonly items: FlatItems;
      readonly receipts: readonly FlatReceipt[];
    }
  | { readonly kind: 'commit' }
  | { readonly kind: 'allow-pages'; readonly no: number; readonly pagesMax: number }
  | { readonly kind: 'identify'; readonly no: number; readonly identity: LogIdentity }
  | { readonly kind: 'close' };

/** Makes an error of what the thread answers when a request failed. */
function errorOf({ code, message }: Failure): Error {
  return code === null ? new Error(message) : new EventLogError(code as EventLogError['code'], message);
}

/** Items as they cross to the writer's thread: strings in one array clone in a quarter of the time that objects take. */
interface FlatItems {
  /** stream, source, id, type, meta, data of each item. */
  readonly texts: readonly string[];
  /** schemaVersion, occurredAt of each item. */
  readonly numbers: Float64Array;
  readonly hashes: Uint8Array;
  readonly expected: readonly Expected[] | null;
  /** Items that do not fit the columns (malformed): they go as they are, to be rejected. */
  readonly odd: readonly (readonly [index: number, item: AppendItem])[];
}

const TEXTS = 6;
const NUMBERS = 2;
const HASH = 16;

function flatten(items: readonly AppendItem[]): FlatItems {
  // Filled by pushing: an array made at its full length counts as one with holes, and is cloned name by name.
  const texts: string[] = [];
  const numbers = new Float64Array(items.length * NUMBERS);
  const hashes = new Uint8Array(items.length * HASH);
  const odd: [number, AppendItem][] = [];
  let anyExpected = false;
  for (let i = 0; i < items.length; i += 1) {
    const item = items[i] as AppendItem;
    const { event } = item;
    if (item.expected !== undefined && item.expected !== 'any') anyExpected = true;
    texts.push(item.stream, event.source, event.id, event.type, event.meta, event.data);
    numbers[i * NUMBERS] = event.schemaVersion;
    numbers[i * NUMBERS + 1] = event.occurredAt;
    if (event.contentHash instanceof Uint8Array && event.contentHash.length === HASH)
      hashes.set(event.contentHash, i * HASH);
    else odd.push([i, item]);
  }
  return { texts, numbers, hashes, expected: anyExpected ? items.map((item) => item.expected ?? 'any') : null, odd };
}

export function unflatten(flat: FlatItems): AppendItem[] {
  const count = flat.numbers.length / NUMBERS;
  const items = new Array<AppendItem>(count);
  for (let i = 0; i < count; i += 1) {
    const event: NewEvent = {
      source: flat.texts[i * TEXTS + 1] as string,
      id: flat.texts[i * TEXTS + 2] as string,
      type: flat.texts[i * TEXTS + 3] as string,
      schemaVersion: flat.numbers[i * NUMBERS] as number,
      occurredAt: flat.numbers[i * NUMBERS + 1] as number,
      contentHash: flat.hashes.subarray(i * HASH, (i + 1) * HASH),
      meta: flat.texts[i * TEXTS + 4] as string,
      data: flat.texts[i * TEXTS + 5] as string,
    };
    const stream = flat.texts[i * TEXTS] as string;
    items[i] = flat.expected === null ? { stream, event } : { stream, event, expected: flat.expected[i] as Expected };
  }
  for (const [index, item] of flat.odd) items[index] = item;
  return items;
}

/** A receipt's draft as it crosses: two numbers an item become one. */
type FlatReceipt = Omit<ReceiptDraft, 'items'> & {
  /** Of each item: its index, twice; and one more where it is to be quarantined. */
  readonly items: Uint32Array;
};

function flattenReceipts(receipts: readonly ReceiptDraft[]): FlatReceipt[] {
  return receipts.map(({ stream, id, source, receivedAt, suppressed, items }) => {
    const flat = new Uint32Array(items.length);
    for (let i = 0; i < items.length; i += 1) {
      const { index, outcome } = items[i] as ReceiptDraft['items'][number];
      flat[i] = index * 2 + (outcome === 'quarantined' ? 1 : 0);
    }
    return { stream, id, source, receivedAt, suppressed, items: flat };
  });
}

export function unflattenReceipts(receipts: readonly FlatReceipt[]): ReceiptDraft[] {
  return receipts.map((receipt) => ({
    ...receipt,
    items: Array.from(receipt.items, (item) => ({
      index: item >>> 1,
      outcome: (item & 1) === 1 ? 'quarantined' : 'accepted',
    })),
  }));
}

/** Verdicts on their way back: three numbers for each, but for the few that have words. */
export interface FlatVerdicts {
  /** status, position, revision of each. */
  readonly numbers: Float64Array;
  readonly recordedAt: number;
  readonly worded: readonly (readonly [index: number, verdict: Verdict])[];
}

const ACCEPTED = 1;
const DUPLICATE = 2;
const ID_REUSED = 3;
const WORDED = 4;

export function flattenVerdicts(verdicts: readonly Verdict[]): FlatVerdicts {
  const numbers = new Float64Array(verdicts.length * 3);
  const worded: [number, Verdict][] = [];
  let recordedAt = 0;
  verdicts.forEach((verdict, i) => {
    switch (verdict.status) {
      case 'accepted':
        numbers[i * 3] = ACCEPTED;
        numbers[i * 3 + 1] = verdict.position;
        numbers[i * 3 + 2] = verdict.revision;
        recordedAt = verdict.recordedAt ?? recordedAt;
        return;
      case 'duplicate':
      case 'id-reused':
        numbers[i * 3] = verdict.status === 'duplicate' ? DUPLICATE : ID_REUSED;
        numbers[i * 3 + 1] = verdict.position;
        return;
      case 'wrong-revision':
      case 'rejected':
        numbers[i * 3] = WORDED;
        worded.push([i, verdict]);
    }
  });
  return { numbers, recordedAt, worded };
}

function unflattenVerdicts({ numbers, recordedAt, worded }: FlatVerdicts): Verdict[] {
  const verdicts = new Array<Verdict>(numbers.length / 3);
  for (let i = 0; i < verdicts.length; i += 1) {
    const position = numbers[i * 3 + 1] as number;
    if (numbers[i * 3] === ACCEPTED)
      verdicts[i] = { status: 'accepted', position, revision: numbers[i * 3 + 2] as number, recordedAt };
    else if (numbers[i * 3] === DUPLICATE) verdicts[i] = { status: 'duplicate', position };
    else if (numbers[i * 3] === ID_REUSED) verdicts[i] = { status: 'id-reused', position };
  }
  for (const [index, verdict] of worded) verdicts[index] = verdict;
  return verdicts;
}
