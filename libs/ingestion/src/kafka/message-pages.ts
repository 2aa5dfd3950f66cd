import type { ReceivedBatch, ReceivedMessage } from '#platform';
import type { IngestItem, IngestResult, ItemResult } from '../pipeline/item.js';
import { Turns } from '../pipeline/turns.js';
import { readKafkaMessage, type MessageOrigin } from './kafka-message.js';
import type { Sized } from './micro-batcher.js';

/** Messages of one partition that are ingested together. */
export interface MessagePage extends Sized {
  readonly origin: MessageOrigin;
  readonly messages: readonly ReceivedMessage[];
}

/** A message with the results of its events that were not accepted. */
export interface MessageExceptions {
  readonly message: ReceivedMessage;
  readonly exceptions: readonly ItemResult[];
}

/**
 * Messages and bytes of a page, at most: a page is small, so that its events are young in memory when their outcomes are durable, and the log's
 * thread has work while the next page is prepared; a larger commit would save nothing. Bytes count too, since the number of events in a
 * message is known only once it is read.
 */
const PAGE_MESSAGES = 500;
const PAGE_BYTES = 384 * 1024;

/** Cuts what a partition brought into pages, in their order. */
export function* pagesOf(batch: ReceivedBatch, origin: MessageOrigin): Generator<MessagePage> {
  const { messages } = batch;
  let from = 0;
  let bytes = 0;
  const page = (end: number): MessagePage => ({
    origin,
    messages: messages.slice(from, end),
    size: Math.max(end - from, Math.ceil((bytes * PAGE_MESSAGES) / PAGE_BYTES)),
  });
  for (let at = 0; at < messages.length; at += 1) {
    const more = messages[at]?.value?.length ?? 0;
    if (at > from && (at - from === PAGE_MESSAGES || bytes + more > PAGE_BYTES)) {
      yield page(at);
      from = at;
      bytes = 0;
    }
    bytes += more;
  }
  if (from < messages.length) yield page(messages.length);
}

/** Topics of facts of the business: `facts.spend`, … */
const FACT_TOPICS = 'facts.';

const asFact = ({ envelope: _, ...item }: IngestItem): IngestItem => ({ ...item, isFact: true });

/** Reads the messages of several pages and ingests their events as one batch. Returns the exceptions of each page. */
export async function ingestPages(
  pages: readonly MessagePage[],
  ingest: (items: readonly IngestItem[]) => Promise<IngestResult>,
): Promise<readonly (readonly MessageExceptions[])[]> {
  const items: IngestItem[] = [];
  const turns = new Turns();
  /** Where the items of each message end, over all pages. */
  const ends: number[] = [];
  for (const { messages, origin } of pages) {
    const isFactTopic = origin.topic.startsWith(FACT_TOPICS);
    for (const message of messages) {
      for (const item of readKafkaMessage(message, origin)) items.push(isFactTopic ? asFact(item) : item);
      ends.push(items.length);
      if (turns.isOver(message.value?.length)) await turns.next();
    }
  }
  const { exceptions } = await ingest(items);
  let next = 0;
  let start = 0;
  let at = 0;
  return pages.map(({ messages }) => {
    const found: MessageExceptions[] = [];
    for (const message of messages) {
      const end = ends[at] as number;
      at += 1;
      // Exceptions come in the order of the items.
      const first = next;
      while (next < exceptions.length && (exceptions[next] as ItemResult).index < end) next += 1;
      if (next > first)
        found.push({
          message,
          exceptions: exceptions.slice(first, next).map((each) => ({ ...each, index: each.index - start })),
        });
      start = end;
    }
    return found;
  });
}
