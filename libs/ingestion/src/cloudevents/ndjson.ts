import { readJson } from '#contracts';
import { LineCutter, rawText, UTF_8, type Encoding, type RawLine } from '#imports';
import type { IngestItem } from '../pipeline/item.js';
import { Rejection } from '../pipeline/rejection.js';
import { Turns } from '../pipeline/turns.js';
import { notUtf8Rejection, rejectionOf } from './strict-json.js';

export interface NdjsonLimits {
  /** Events in one chunk: one commit. */
  readonly chunkEvents: number;
  /** Bytes of one chunk, beyond which it ends early. */
  readonly chunkBytes: number;
  /** Bytes of one line; a longer one is quarantined, and its end is skipped. */
  readonly lineBytes: number;
}

/**
 * Reads NDJSON as it arrives, in chunks: memory holds one chunk and one line, however long the stream is. `readLine` makes an item of the
 * document on a line. Empty lines are skipped; a line that is not UTF-8, or not JSON, is one bad event.
 */
export async function* readNdjson(
  stream: AsyncIterable<Uint8Array>,
  readLine: (document: unknown) => IngestItem,
  limits: NdjsonLimits,
): AsyncGenerator<readonly IngestItem[]> {
  const cutter = new LineCutter(limits.lineBytes);
  let items: IngestItem[] = [];
  let chunkBytes = 0;
  const turns = new Turns();
  async function* chunksOf(lines: readonly RawLine[]): AsyncGenerator<readonly IngestItem[]> {
    for (const line of lines) {
      const size = line.cut?.bytes ?? line.bytes.length;
      const item = itemOfLine(line, cutter.encoding, readLine, limits);
      if (item !== null) items.push(item);
      if (turns.isOver(line.bytes.length)) await turns.next();
      chunkBytes += size;
      if (items.length < limits.chunkEvents && chunkBytes < limits.chunkBytes) continue;
      if (items.length > 0) yield items;
      items = [];
      chunkBytes = 0;
    }
  }
  for await (const bytes of stream)
    yield* chunksOf(cutter.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
  yield* chunksOf(cutter.end());
  if (items.length > 0) yield items;
}

function itemOfLine(
  { bytes, cut }: RawLine,
  encoding: Encoding,
  readLine: (document: unknown) => IngestItem,
  { lineBytes }: NdjsonLimits,
): IngestItem | null {
  const size = bytes.length;
  if (cut !== null)
    return {
      size,
      document: rawText(bytes, cut),
      rejection: Rejection.of(
        'unreadable',
        '#',
        `must not be longer than ${lineBytes} bytes`,
        'send less in one event',
      ),
    };
  const text = encoding.decode(bytes);
  if (text === null) return { size, document: rawText(bytes), rejection: notUtf8Rejection('#', bytes) };
  if (text.trim() === '') return null;
  const reading = readJson(text, encoding === UTF_8 ? bytes : undefined);
  if (reading === null) return { size, document: text.trim(), rejection: NOT_JSON };
  const { value, flaws } = reading;
  const rejection = rejectionOf(flaws);
  if (rejection !== null) return { size, document: value, rejection, text: text.trim() };
  const item = readLine(value);
  (item as { size?: number }).size = size;
  return item;
}

const NOT_JSON = Rejection.of('unreadable', '#', 'must be valid JSON', 'send one JSON document on each line');
