import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { IngestItem } from '../pipeline/item.js';
import { readNdjson, type NdjsonLimits } from './ndjson.js';

const LIMITS: NdjsonLimits = { sliceEvents: 3, sliceBytes: 1_000, lineBytes: 50 };

async function read(text: string, cuts: readonly number[] = [], limits = LIMITS): Promise<(readonly IngestItem[])[]> {
  const bytes = Buffer.from(text);
  const edges = [0, ...[...cuts].map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 1; at < edges.length; at += 1) yield bytes.subarray(edges[at - 1], edges[at]);
  }
  const slices: (readonly IngestItem[])[] = [];
  for await (const slice of readNdjson(chunks(), limits)) slices.push(slice);
  return slices;
}

describe('NDJSON', () => {
  it('is read in slices, empty lines passed over', async () => {
    const slices = await read('{"id":1}\n\n{"id":2}\r\n{"id":3}\n{"id":4}');
    expect(slices.map((slice) => slice.map(({ document }) => document))).toEqual([
      [{ id: 1 }, { id: 2 }, { id: 3 }],
      [{ id: 4 }],
    ]);
  });

  it('has one bad event for a line that is not JSON, and one for a line too long', async () => {
    const slices = await read(`{"id":1}\n{"id":\n${JSON.stringify('x'.repeat(90))}\n{"id":2}\n`);
    const items = slices.flat();
    expect(items.map(({ rejection }) => rejection?.code)).toEqual([undefined, 'unreadable', 'unreadable', undefined]);
    expect(items[3]?.document).toEqual({ id: 2 });
  });

  it('knows a CloudEvent and an invalid row among its lines', async () => {
    const invalid = {
      id: 'r',
      source: 's',
      file: 'f',
      line: 3,
      code: 'row-malformed',
      pointer: '#/a',
      detail: 'd',
      hint: 'm',
    };
    const limits = { ...LIMITS, lineBytes: 1_000 };
    const lines = [
      { specversion: '1.0', id: '1', source: 's', type: 't' },
      { specversion: '0.3' },
      { invalid },
      { invalid: 1 },
    ];
    const [first, second] = await read(lines.map((line) => JSON.stringify(line)).join('\n'), [], limits);
    expect(first).toMatchObject([
      { document: { id: '1' } },
      { rejection: { code: 'not-a-cloudevent' } },
      { rejection: { code: 'row-malformed' }, at: { file: 'f', line: 3 } },
    ]);
    expect(second).toEqual([{ document: { invalid: 1 } }]);
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
