import type { RecordedEvent } from '../port.js';
import { lineOf, LogDigest } from './log-digest.js';
import type { MovedEvent, MoveSource, MoveTarget } from './moved-event.js';

const PAGE_SIZE = 1_000;

/** How far a move has come. */
export interface MoveProgress {
  /** `comparing`: what is there already; `copying`; `proving`: the target is read back. */
  readonly step: 'comparing' | 'copying' | 'proving';
  readonly events: number;
  /** The position of the log that is read, and its head: positions of its own kind. */
  readonly position: number;
  readonly head: number;
}

export interface MoveOptions {
  readonly from: MoveSource;
  readonly to: MoveTarget;
  /** What becomes of a page of events on the way: other subjects under a new hash key. Unchanged unless said. */
  readonly map?: (events: readonly MovedEvent[]) => Promise<readonly MovedEvent[]>;
  readonly onProgress?: (progress: MoveProgress) => void;
  /** Stops between two pages; the same call goes on from there. */
  readonly signal?: AbortSignal;
}

/** What came of it. */
export interface Moved {
  readonly outcome: 'done' | 'stopped';
  /** Events of the old log that are in the new one. */
  readonly events: number;
  /** Of these, those that this call copied. */
  readonly copied: number;
  /** Of the old log, mapped, and of the new one as it was read back; null where it was stopped. */
  readonly digest: { readonly from: string; readonly to: string } | null;
}

/** Why a log cannot be moved. */
export class LogMoveError extends Error {
  constructor(
    readonly code: 'occupied' | 'differs',
    message: string,
  ) {
    super(message);
    this.name = 'LogMoveError';
  }
}

/**
 * Copies a log into another one: every event with its name, its content hash, its stream, its instants, in the order of the log. What is there
 * already must be the beginning of the old log, event for event: so a move that was killed goes on where it stopped, and a log that holds
 * anything else is rejected before a thing is written. In the end the new log is read back and both digests compared.
 *
 * The old log is only read. Positions are not carried over: each kind of log has its own, and those that an event's data mention (a receipt's
 * duplicates, the touchpoint of a released event) are those of the log in which it was first recorded.
 * @throws LogMoveError `occupied` where the target holds anything else, `differs` where what was read back is not what was sent.
 */
export async function moveLog({ from, to, map, onProgress, signal }: MoveOptions): Promise<Moved> {
  const digest = new LogDigest();
  const there = eachOf(to.readAll(0, { pageSize: PAGE_SIZE, with: 'contentHash' }));
  let comparing = true;
  let copied = 0;
  const identity = await from.identity();
  let { position: head } = await from.head();
  // While a page is stored the next one is read.
  let storing: Promise<void> = Promise.resolve();
  try {
    for await (const page of from.readAll(0, { pageSize: PAGE_SIZE, with: 'contentHash' })) {
      if (signal?.aborted) {
        await storing;
        return { outcome: 'stopped', events: digest.events, copied, digest: null };
      }
      const events = page.map(whole);
      const fresh: MovedEvent[] = [];
      for (const event of map === undefined ? events : await map(events)) {
        digest.add(event);
        if (comparing) {
          const next = await there.next();
          if (next.done !== true) {
            mustBe(event, next.value);
            continue;
          }
          comparing = false;
        }
        fresh.push(event);
      }
      await storing;
      if (fresh.length > 0) {
        // Whose copy it is stands in it before the first event does.
        if (copied === 0) await to.belongTo(identity);
        storing = to.importEvents(fresh);
        // It is awaited before the next page, where its failure counts.
        storing.catch(() => undefined);
      }
      copied += fresh.length;
      const position = page.at(-1)?.position ?? 0;
      head = Math.max(head, position);
      onProgress?.({ step: comparing ? 'comparing' : 'copying', events: digest.events, position, head });
    }
    await storing;
  } finally {
    // Whatever ends it, nothing is being stored any more.
    await storing.catch(() => undefined);
  }
  if (comparing && (await there.next()).done !== true)
    throw new LogMoveError('occupied', 'The target holds events beyond the end of the log that is moved.');
  await to.belongTo(identity);
  return prove(digest, copied, { to, onProgress, signal });
}

async function prove(
  sent: LogDigest,
  copied: number,
  {
    to,
    onProgress,
    signal,
  }: Pick<MoveOptions, 'to'> & { onProgress: MoveOptions['onProgress']; signal: MoveOptions['signal'] },
): Promise<Moved> {
  const { events } = sent;
  const held = new LogDigest();
  for await (const page of to.readAll(0, { pageSize: PAGE_SIZE, with: 'contentHash' })) {
    if (signal?.aborted) return { outcome: 'stopped', events, copied, digest: null };
    for (const event of page) held.add(whole(event));
    onProgress?.({ step: 'proving', events: held.events, position: held.events, head: events });
  }
  const digest = { from: sent.end(), to: held.end() };
  if (digest.from !== digest.to)
    throw new LogMoveError(
      'differs',
      `What was read back is not what was sent: ${held.events} events of digest ${digest.to} instead of ${events} of ${digest.from}. ` +
        'Do not use the new log: delete it, and move again.',
    );
  return { outcome: 'done', events, copied, digest };
}

function mustBe(expected: MovedEvent, found: MovedEvent): void {
  if (lineOf(expected) === lineOf(found)) return;
  throw new LogMoveError(
    'occupied',
    `The target holds something else: at position ${found.position} there is ${found.type} ${found.id} of ${found.source}, ` +
      (expected.source === found.source && expected.id === found.id
        ? `with another ${differing(expected, found).join(' and ')} than it has`
        : `where ${expected.type} ${expected.id} of ${expected.source} belongs`) +
      ` (position ${expected.position} of the log that is moved).`,
  );
}

const TOLD = ['stream', 'type', 'schemaVersion', 'occurredAt', 'recordedAt', 'contentHash', 'meta', 'data'] as const;

const differing = (one: MovedEvent, other: MovedEvent): string[] =>
  TOLD.filter((name) => String(one[name]) !== String(other[name]));

async function* eachOf(pages: AsyncIterable<readonly RecordedEvent[]>): AsyncGenerator<MovedEvent, void> {
  for await (const page of pages) yield* page.map(whole);
}

function whole(event: RecordedEvent): MovedEvent {
  const { contentHash } = event;
  if (contentHash === undefined) throw new Error(`The log gave the event ${event.id} without its content hash.`);
  return { ...event, contentHash };
}
