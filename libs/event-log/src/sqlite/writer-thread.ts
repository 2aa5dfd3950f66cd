import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { flattenVerdicts, unflatten, unflattenReceipts, type WriteRequest } from './request.js';
import { failureOf, type Answer, type FromThread, type ToThread } from './thread-messages.js';
import { SqliteWriter } from './writer.js';
import { GROUP_EVENTS_MAX } from './writing.js';

interface Waiting {
  readonly no: number;
  readonly request: WriteRequest;
}

/**
 * The writer's thread. Requests wait here until the word comes to commit them; one commit takes all, up to a bound. So a
 * commit is shared by as many as wait for it, and nobody waits for a timer.
 */
if (parentPort !== null) serve(parentPort, (workerData as { readonly file: string }).file);

function serve(port: MessagePort, file: string): void {
  const tell = (message: FromThread) => port.postMessage(message);
  let writer: SqliteWriter;
  try {
    writer = new SqliteWriter(file);
  } catch (error) {
    tell({ kind: 'not-opened', failure: failureOf(error) });
    port.close();
    return;
  }
  tell({ kind: 'ready' });

  let waiting: Waiting[] = [];
  const commitAll = (): void => {
    const all = waiting;
    waiting = [];
    for (let from = 0; from < all.length;) {
      const group = groupFrom(all, from);
      from += group.length;
      tell({ kind: 'answers', answers: commit(writer, group) });
    }
  };
  /** Takes every request that has come by now; stops at a message that says something else, and gives it. */
  const takeWaiting = (): ToThread | null => {
    for (;;) {
      const message = receiveMessageOnPort(port)?.message as ToThread | undefined;
      if (message === undefined) return null;
      if (message.kind === 'whole' || message.kind === 'each')
        waiting.push({ no: message.no, request: requestOf(message) });
      else if (message.kind !== 'commit') return message;
    }
  };
  const hear = (message: ToThread): void => {
    switch (message.kind) {
      case 'whole':
      case 'each':
        waiting.push({ no: message.no, request: requestOf(message) });
        return;
      case 'commit': {
        const other = takeWaiting();
        commitAll();
        if (other !== null) hear(other);
        return;
      }
      case 'allow-pages':
        commitAll();
        writer.allowPages(message.pagesMax);
        tell({ kind: 'answers', answers: [{ no: message.no }] });
        return;
      case 'close':
        commitAll();
        writer.close();
        tell({ kind: 'closed' });
        port.close();
    }
  };
  port.on('message', hear);
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

function commit(writer: SqliteWriter, group: readonly Waiting[]): Answer[] {
  return writer.commit(group.map(({ request }) => request)).map((outcome, i) => {
    const no = group[i]?.no ?? 0;
    if ('error' in outcome) return { no, failure: failureOf(outcome.error) };
    return { no, verdicts: flattenVerdicts(outcome.verdicts) };
  });
}
