import { EventLogError } from '../port.js';
import type { MovedEvent } from '../moving/moved-event.js';
import { appendOnce } from './appender.js';
import { bytesOf, type Appended, type AppendRequest } from './append-request.js';
import type { BatchAppendCall } from './batch-append-call.js';
import { pause, type Connection } from './connection.js';
import { denied, failureOf, notAnswered } from './failures.js';
import { oursBehind } from './filtered-all.js';

/** What one append of an import holds: events that follow one another in the old log, of one stream. */
export interface ImportGroup {
  readonly request: AppendRequest;
  readonly events: readonly MovedEvent[];
}

/**
 * Stores events in their order, across streams too: many appends are in flight on one BatchAppend call, which the server takes up
 * in the order in which they were handed over (measured on 24.6.0: 512 in flight, 0 of 240,000 out of order), and what it does not
 * take up because the call is gone is the end of them, never a part in between. So when an answer is missing, nothing more is
 * sent; the call is given up; what is there is read, and it must be the beginning of what was sent. Then it continues from there:
 * the first append alone, since a node that is not ready rejects each one by itself. What still arrives from the old call changes nothing:
 * it comes in the same order, with the same UUIDs, and the server knows them again.
 *
 * Where the server has no BatchAppend, one append follows the other.
 */
export class OrderedImport {
  /** Of its own, because it is given up when an answer is missing: appends of others share another one. */
  #call: BatchAppendCall | null = null;
  /** A position that all events of the import lie above, and those that are stored at or below. */
  #storedUpTo: number | null = null;

  constructor(
    private readonly connection: Connection,
    private readonly prefix: string,
  ) {}

  /**
   * @param end a position that the server's log has; asked for once
   * @throws EventLogError `torn` where one of them cannot be taken over, `unavailable` where the server does not answer in time
   */
  async append(groups: readonly ImportGroup[], end: () => Promise<number>): Promise<void> {
    this.#storedUpTo ??= await end();
    let next = 0;
    let deadline = this.#deadline();
    for (let attempt = 0; next < groups.length; attempt += 1) {
      await this.connection.ready(deadline);
      const { generation } = this.connection;
      let failure: unknown;
      try {
        const isNew = this.#call?.isOver !== false;
        if (isNew) this.#call = await this.connection.openBatchAppend();
        if (this.#call === null) return await this.#oneByOne(groups.slice(next));
        const sent = await this.#send(this.#call, groups, next, isNew);
        if (sent.stored > 0) deadline = this.#deadline();
        next += sent.stored;
        if (sent.failure === null) continue;
        failure = sent.failure;
      } catch (error) {
        failure = error;
      }
      const { kind } = failureOf(failure);
      if (kind === 'denied') throw denied(this.connection.server, failure);
      if (failure instanceof EventLogError || !isInDoubt(kind)) throw failure;
      if (performance.now() > deadline)
        throw notAnswered(this.connection.server, this.connection.timeouts.callMs, failure);
      this.connection.failed(failure, generation);
      await pause(attempt);
      const there = await this.#there(groups, next);
      if (there > next) deadline = this.#deadline();
      next = there;
    }
  }

  #deadline(): number {
    return performance.now() + this.connection.timeouts.callMs;
  }

  /** Sends until an answer is missing, and gives the call up then: how many groups were answered one after the other, and what was wrong with the next one. */
  async #send(
    call: BatchAppendCall,
    groups: readonly ImportGroup[],
    from: number,
    firstAlone: boolean,
  ): Promise<{ readonly stored: number; readonly failure: unknown }> {
    const answers: (Appended | null)[] = [];
    let failure: unknown = null;
    const inFlight: Promise<void>[] = [];
    for (let at = from; at < groups.length && failure === null; at += 1) {
      const { request } = groups[at] as ImportGroup;
      const leave = await this.connection.appends.enter(bytesOf(request));
      if (failure !== null) {
        leave();
        break;
      }
      answers.push(null);
      const answered = call.append(request).then(
        (appended) => {
          answers[at - from] = appended;
          leave();
        },
        (error: unknown) => {
          failure ??= this.#named(groups[at] as ImportGroup, error);
          leave();
          call.giveUp();
        },
      );
      inFlight.push(answered);
      if (firstAlone && at === from) await answered;
    }
    await Promise.all(inFlight);
    let stored = 0;
    for (const answer of answers) {
      if (answer === null) break;
      this.#storedAt(groups[from + stored] as ImportGroup, answer.position);
      stored += 1;
    }
    return { stored, failure: stored === groups.length - from ? null : failure };
  }

  /** An answer that tells an older place is that of an event which stands elsewhere. */
  #storedAt(group: ImportGroup, position: number | null): void {
    if (position === null) return;
    if (position <= (this.#storedUpTo as number)) throw torn(group, 'the target holds some of them elsewhere');
    this.#storedUpTo = position;
  }

  /** What is wrong with a group for good, in its own words; what only says that the outcome is unknown stays as it is. */
  #named(group: ImportGroup, error: unknown): unknown {
    const failure = failureOf(error);
    switch (failure.kind) {
      case 'rejected':
        return torn(group, failure.reason);
      case 'wrong-revision':
        return torn(group, 'the target holds some of them elsewhere');
      case 'deleted-stream':
        return torn(group, `the stream ${group.request.stream} was deleted on the server for ever`);
      default:
        return error;
    }
  }

  /** Which group is the first that is not there. What is there must be what was sent, in its order and without a gap. */
  async #there(groups: readonly ImportGroup[], from: number): Promise<number> {
    let at = from;
    let inGroup = 0;
    for await (const { uuid, position } of oursBehind(this.connection, this.prefix, this.#storedUpTo as number)) {
      const group = groups[at];
      if (uuid !== group?.request.events[inGroup]?.uuid)
        throw new EventLogError(
          'torn',
          `The target holds another event than was sent, at position ${position}: another process writes there, or the server stored a later event without an earlier one. ` +
            'Delete the new log, and move again.',
        );
      inGroup += 1;
      if (inGroup < group.request.events.length) continue;
      this.#storedUpTo = position;
      at += 1;
      inGroup = 0;
    }
    return at;
  }

  async #oneByOne(groups: readonly ImportGroup[]): Promise<void> {
    for (const group of groups) {
      const { stream, expected, events } = group.request;
      const outcome = await appendOnce(this.connection, stream, expected, events, this.#storedUpTo as number);
      if (outcome.status === 'rejected') throw torn(group, outcome.reason);
      if (outcome.status === 'wrong-revision') throw torn(group, 'the target holds some of them elsewhere');
      for (const { position } of outcome.places) this.#storedAt(group, position);
    }
  }
}

const isInDoubt = (kind: ReturnType<typeof failureOf>['kind']): boolean =>
  kind === 'lost' || kind === 'unknown' || kind === 'missing-stream';

function torn({ events }: ImportGroup, why: string): EventLogError {
  const [first] = events;
  return new EventLogError(
    'torn',
    `Events of ${first?.source ?? ''} from ${first?.id ?? ''} on cannot be taken over: ${why}. ` +
      'Later ones may have been stored without them: delete the new log before you move again.',
  );
}
