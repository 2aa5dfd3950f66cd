import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { IngestItem } from '../pipeline/item.js';
import { readDocument } from './read-events.js';
import { readNdjson, type NdjsonLimits } from './ndjson.js';

const LIMITS: NdjsonLimits = { chunkEvents: 3, chunkBytes: 1_000, lineBytes: 50 };

async function read(text: string, cuts: readonly number[] = [], limits = LIMITS): Promise<(readonly IngestItem[])[]> {
  const bytes = Buffer.from(text);
  const edges = [0, ...[...cuts].map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  async function* received(): AsyncGenerator<Uint8Array> {
    for (let at = 1; at < edges.length; at += 1) yield bytes.subarray(edges[at - 1], edges[at]);
  }
  const chunks: (readonly IngestItem[])[] = [];
  for await (const chunk of readNdjson(received(), readDocument, limits)) chunks.push(chunk);
  return chunks;
}

describe('NDJSON', () => {
  it('is read in chunks, without empty lines', async () => {
    const chunks = await read('{"id":1}\n\n{"id":2}\r\n{"id":3}\n{"id":4}');
    expect(chunks.map((chunk) => chunk.map(({ document }) => document))).toEqual([
      [{ id: 1 }, { id: 2 }, { id: 3 }],
      [{ id: 4 }],
    ]);
  });

  it('has one bad event for a line that is not JSON, and one for a line too long', async () => {
    const chunks = await read(`{"id":1}\n{"id":\n${JSON.stringify('x'.repeat(90))}\n{"id":2}\n`);
    const items = chunks.flat();
    expect(items.map(({ rejection }) => rejection?.code)).toEqual([undefined, 'unreadable', 'unreadable', undefined]);
    expect(items[3]?.document).toEqual({ id: 2 });
  });

  it('reads a CloudEvent among its lines', async () => {
    const limits = { ...LIMITS, lineBytes: 1_000 };
    const lines = [{ specversion: '1.0', id: '1', source: 's', type: 't' }, { specversion: '0.3' }];
    const [chunk] = await read(lines.map((line) => JSON.stringify(line)).join('\n'), [], limits);
    expect(chunk).toMatchObject([{ document: { id: '1' } }, { rejection: { code: 'not-a-cloudevent' } }]);
  });

  it('is the same wherever the network cuts it', async () => {
    const line = fc.oneof(
      fc.constant(''),
      fc.constant('nonsense'),
      fc.jsonValue().map((value) => JSON.stringify(value)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 8 }), async (lines, cuts) => {
        const text = lines.join('\n');
        expect(await read(text, cuts)).toEqual(await read(text));
      }),
    );
  });
});
