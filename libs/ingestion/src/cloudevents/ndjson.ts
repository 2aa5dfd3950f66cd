import type { IngestItem } from '../pipeline/item.js';
import { Rejection } from '../pipeline/rejection.js';

export interface NdjsonLimits {
  /** Events in one chunk: one commit. */
  readonly chunkEvents: number;
  /** Bytes of one chunk, beyond which it ends early. */
  readonly chunkBytes: number;
  /** Bytes of one line; a longer one is quarantined, and its end is skipped. */
  readonly lineBytes: number;
}

const NEWLINE = 0x0a;
/** Bytes that are kept of a line that is too long. */
const HEAD_BYTES = 4_096;

/**
 * Reads NDJSON as it arrives, in chunks: memory holds one chunk and one line, however long the stream is. `readLine` makes an item of the
 * document on a line. Empty lines are skipped; a line that is not JSON is one bad event.
 */
export async function* readNdjson(
  stream: AsyncIterable<Uint8Array>,
  readLine: (document: unknown) => IngestItem,
  limits: NdjsonLimits,
): AsyncGenerator<readonly IngestItem[]> {
  let items: IngestItem[] = [];
  let chunkBytes = 0;
  let parts: Buffer[] = [];
  let lineBytes = 0;
  const endLine = (): void => {
    const line = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    const item = lineBytes > limits.lineBytes ? tooLong(line, limits) : itemOfLine(line, readLine);
    if (item !== null) items.push(item);
    chunkBytes += lineBytes;
    parts = [];
    lineBytes = 0;
  };
  const isFull = (): boolean => items.length >= limits.chunkEvents || chunkBytes >= limits.chunkBytes;
  const hold = (part: Buffer): void => {
    // Only the beginning of a line that is too long is kept, wherever the network cut it.
    const room = limits.lineBytes - lineBytes;
    if (room > 0) parts.push(part.length > room ? part.subarray(0, room) : part);
    lineBytes += part.length;
  };
  for await (const bytes of stream) {
    const received = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let from = 0;
    for (let end = received.indexOf(NEWLINE); end !== -1; end = received.indexOf(NEWLINE, from)) {
      hold(received.subarray(from, end));
      from = end + 1;
      endLine();
      if (!isFull()) continue;
      yield items;
      items = [];
      chunkBytes = 0;
    }
    if (from < received.length) hold(received.subarray(from));
  }
  if (lineBytes > 0) endLine();
  if (items.length > 0) yield items;
}

function itemOfLine(line: Buffer, readLine: (document: unknown) => IngestItem): IngestItem | null {
  const text = line.toString('utf8').trim();
  if (text === '') return null;
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return {
      document: text,
      rejection: Rejection.of('unreadable', '#', 'must be valid JSON', 'send one JSON document on each line'),
    };
  }
  return readLine(document);
}

function tooLong(line: Buffer, { lineBytes }: NdjsonLimits): IngestItem {
  return {
    document: line.subarray(0, HEAD_BYTES).toString('utf8'),
    rejection: Rejection.of('unreadable', '#', `must not be longer than ${lineBytes} bytes`, 'send less in one event'),
  };
}
