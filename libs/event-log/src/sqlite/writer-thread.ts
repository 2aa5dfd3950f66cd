import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { failureOf, type Answer } from '#platform/threads';
import { EventLogError } from '../port.js';
import { GROUP_EVENTS_MAX, type WriteRequest } from './log-writer.js';
import {
  flattenVerdicts,
  unflatten,
  unflattenReceipts,
  type FlatVerdicts,
  type ToThread,
} from './threaded-log-writer.js';
import { SqliteWriter } from './writer.js';

interface Waiting {
  readonly no: number;
  readonly request: WriteRequest;
}

/**
 * The writer's thread. Requests wait here until a commit message comes; one commit takes all of them, up to a bound. So many
 * requests share a commit, and none waits for a timer.
 */
if (parentPort !== null) serve(parentPort, (workerData as { readonly file: string }).file);

function serve(port: MessagePort, file: string): void {
  const answer = (answers: readonly Answer<FlatVerdicts>[]) => port.postMessage(answers);
  let writer: SqliteWriter;
  try {
    writer = new SqliteWriter(file);
  } catch (error) {
    answer([{ no: 0, failure: failureOf(error, EventLogError) }]);
    port.close();
    return;
  }
  answer([{ no: 0 }]);

  let waiting: Waiting[] = [];
  const commitAll = (): void => {
    const all = waiting;
    waiting = [];
    for (let from = 0; from < all.length;) {
      const group = groupFrom(all, from);
      from += group.length;
      answer(commit(writer, group));
    }
  };
  /** Takes every request that has arrived; stops at a message of another kind, and returns it. */
  const takeWaiting = (): ToThread | null => {
    for (;;) {
      const message = receiveMessageOnPort(port)?.message as ToThread | undefined;
      if (message === undefined) return null;
      if (message.kind === 'whole' || message.kind === 'each')
        waiting.push({ no: message.no, request: requestOf(message) });
      else if (message.kind !== 'commit') return message;
    }
  };
  const receive = (message: ToThread): void => {
    switch (message.kind) {
      case 'whole':
      case 'each':
        waiting.push({ no: message.no, request: requestOf(message) });
        return;
      case 'commit': {
        const other = takeWaiting();
        commitAll();
        if (other !== null) receive(other);
        return;
      }
      case 'allow-pages':
        commitAll();
        writer.allowPages(message.pagesMax);
        answer([{ no: message.no }]);
        return;
      case 'identify':
        commitAll();
        try {
          writer.identify(message.identity);
          answer([{ no: message.no }]);
        } catch (error) {
          answer([{ no: message.no, failure: failureOf(error, EventLogError) }]);
        }
        return;
      case 'close':
        commitAll();
        writer.close();
        port.close();
    }
  };
  port.on('message', receive);
}

/** As many as go into one commit: at least one. */
function groupFrom(all: readonly Waiting[], from: number): readonly Waiting[] {
  let events = 0;
  let to = from;
  while (to < all.length && events < GROUP_EVENTS_MAX) events += all[to++]?.request.items.length ?? 0;
  return all.slice(from, to);
}

function requestOf(message: Extract<ToThread, { readonly kind: 'whole' | 'each' }>): WriteRequest {
  const items = unflatten(message.items);
  const { now } = message;
  return message.kind === 'whole'
    ? { kind: 'whole', now, expected: message.expected, items }
    : { kind: 'each', now, items, receipts: unflattenReceipts(message.receipts) };
}

function commit(writer: SqliteWriter, group: readonly Waiting[]): Answer<FlatVerdicts>[] {
  return writer.commit(group.map(({ request }) => request)).map((outcome, i) => {
    const no = group[i]?.no ?? 0;
    if ('error' in outcome) return { no, failure: failureOf(outcome.error, EventLogError) };
    return { no, value: flattenVerdicts(outcome.verdicts) };
  });
}
