import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { flattenVerdicts, unflatten, unflattenReceipts, type WriteRequest } from './request.js';
import { failureOf, type Answer, type FromThread, type ToThread } from './thread-messages.js';
import { SqliteWriter } from './writer.js';
import { GROUP_EVENTS_MAX } from './writing.js';

/**
 * The writer's thread. While a commit runs, requests queue up at the port; the next commit takes all of them, up to a
 * bound. So a commit is shared by as many as wait for it, and nobody waits for a timer.
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

  port.on('message', (first: ToThread) => {
    let message: ToThread | undefined = first;
    while (message !== undefined) {
      let group: { readonly no: number; readonly request: WriteRequest }[] = [];
      let events = 0;
      while (message !== undefined && (message.kind === 'whole' || message.kind === 'each')) {
        const items = unflatten(message.items);
        const request: WriteRequest =
          message.kind === 'whole'
            ? { kind: 'whole', now: message.now, expected: message.expected, items }
            : { kind: 'each', now: message.now, items, receipts: unflattenReceipts(message.receipts) };
        group.push({ no: message.no, request });
        events += items.length;
        message = events < GROUP_EVENTS_MAX ? next(port) : undefined;
      }
      if (group.length > 0) tell({ kind: 'answers', answers: commit(writer, group) });
      group = [];
      if (message?.kind === 'allow-pages') {
        writer.allowPages(message.pagesMax);
        tell({ kind: 'answers', answers: [{ no: message.no }] });
      } else if (message?.kind === 'close') {
        writer.close();
        tell({ kind: 'closed' });
        port.close();
        return;
      }
      message = next(port);
    }
  });
}

function commit(writer: SqliteWriter, group: readonly { readonly no: number; readonly request: WriteRequest }[]) {
  return writer.commit(group.map(({ request }) => request)).map((outcome, i): Answer => {
    const no = group[i]?.no ?? 0;
    if ('error' in outcome) return { no, failure: failureOf(outcome.error) };
    return { no, verdicts: flattenVerdicts(outcome.verdicts) };
  });
}

function next(port: MessagePort): ToThread | undefined {
  return receiveMessageOnPort(port)?.message as ToThread | undefined;
}
