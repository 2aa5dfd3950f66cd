import type { IngestItem } from '../pipeline/item.js';
import { Rejection } from '../pipeline/rejection.js';
import { documentItem } from './http-message.js';

export interface NdjsonLimits {
  /** Events in one slice: one commit. */
  readonly sliceEvents: number;
  /** Bytes of one slice, beyond which it ends early. */
  readonly sliceBytes: number;
  /** Bytes of one line; a longer one is quarantined, and its end is passed over. */
  readonly lineBytes: number;
}

const NEWLINE = 0x0a;
/** What is kept of a line that is too long. */
const HEAD_BYTES = 4_096;

/**
 * Reads NDJSON as it arrives, in slices: memory holds one slice and one line, however long the stream is. Empty lines
 * are passed over; a line that is not JSON is one bad event.
 */
export async function* readNdjson(
  stream: AsyncIterable<Uint8Array>,
  limits: NdjsonLimits,
): AsyncGenerator<readonly IngestItem[]> {
  let slice: IngestItem[] = [];
  let sliceBytes = 0;
  let parts: Buffer[] = [];
  let lineBytes = 0;
  const endLine = (): void => {
    const line = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    const item = lineBytes > limits.lineBytes ? tooLong(line, limits) : itemOfLine(line);
    if (item !== null) slice.push(item);
    sliceBytes += lineBytes;
    parts = [];
    lineBytes = 0;
  };
  const isFull = (): boolean => slice.length >= limits.sliceEvents || sliceBytes >= limits.sliceBytes;
  const hold = (part: Buffer): void => {
    // Of a line that is too long only the beginning is held, wherever the network cut it.
    const room = limits.lineBytes - lineBytes;
    if (room > 0) parts.push(part.length > room ? part.subarray(0, room) : part);
    lineBytes += part.length;
  };
  for await (const bytes of stream) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      hold(chunk.subarray(from, end));
      from = end + 1;
      endLine();
      if (!isFull()) continue;
      yield slice;
      slice = [];
      sliceBytes = 0;
    }
    if (from < chunk.length) hold(chunk.subarray(from));
  }
  if (lineBytes > 0) endLine();
  if (slice.length > 0) yield slice;
}

function itemOfLine(line: Buffer): IngestItem | null {
  const text = line.toString('utf8').trim();
  if (text === '') return null;
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return {
      document: text,
      rejection: Rejection.of('unreadable', '#', 'is not JSON', 'send one JSON document on each line'),
    };
  }
  return documentItem(document);
}

function tooLong(line: Buffer, { lineBytes }: NdjsonLimits): IngestItem {
  return {
    document: line.subarray(0, HEAD_BYTES).toString('utf8'),
    rejection: Rejection.of('unreadable', '#', `is longer than ${lineBytes} bytes`, 'send less in one event'),
  };
}
