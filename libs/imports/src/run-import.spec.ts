import { describe, expect, it } from '@jest/globals';
import { runImport, type ImportOptions, type ItemOutcome } from './run-import.js';
import { withFile } from './testdata/read-file.js';
import { cdnowReader } from './presets/cdnow.js';
import type { ImportItem } from './import-item.js';

const FILE = [
  ...Array.from({ length: 100 }, (_, at) => ` 00004 ${String(at).padStart(4, '0')} 19970101  2   29.33`),
  ' 00004 9999 19970231  2   29.33',
].join('\n');

/** A sink that remembers ids, so that the second time is a duplicate. */
class Memory {
  readonly ids = new Set<string>();
  readonly batches: number[] = [];
  failAfter = Infinity;

  readonly sink = async (items: readonly ImportItem[]): Promise<readonly ItemOutcome[]> => {
    if (this.batches.length >= this.failAfter) throw new Error('database or disk is full');
    this.batches.push(items.length);
    await Promise.resolve();
    return items.map((item) => {
      const id = item.kind === 'touchpoint' ? item.touchpoint.id : item.invalid.id;
      if (this.ids.has(id))
        return { outcome: 'duplicate', ...(item.kind === 'invalid' ? { code: item.invalid.code } : {}) };
      this.ids.add(id);
      return item.kind === 'touchpoint' ? { outcome: 'accepted' } : { outcome: 'quarantined', code: item.invalid.code };
    });
  };
}

function run(memory: Memory, options: Partial<ImportOptions> = {}) {
  let clock = 0;
  return withFile(FILE, (path) =>
    runImport({
      reader: cdnowReader('UTC'),
      file: { path, name: 'rows.txt' },
      sink: memory.sink,
      batchSize: 7,
      now: () => (clock += 1),
      ...options,
    }),
  );
}

describe('an import', () => {
  it('counts the outcome of every row, and the second time only duplicates', async () => {
    const memory = new Memory();
    const first = await run(memory);
    expect(first).toMatchObject({
      outcome: 'done',
      lines: 101,
      progress: { items: 101, line: 101, outcomes: { accepted: 100, duplicate: 0, quarantined: 1, suppressed: 0 } },
    });
    expect([...first.codes]).toEqual([['value-malformed', 1]]);
    const second = await run(memory);
    expect(second.progress.outcomes).toEqual({ accepted: 0, duplicate: 101, quarantined: 0, suppressed: 0 });
    expect([...second.codes]).toEqual([]);
  });

  it('imports the same ids, whatever the batch size and the order', async () => {
    const [a, b, c] = [new Memory(), new Memory(), new Memory()];
    await run(a);
    await run(b, { batchSize: 1000 });
    await run(c, { shuffleSeed: 42, batchSize: 3 });
    expect([...b.ids]).toEqual([...a.ids]);
    expect([...c.ids]).not.toEqual([...a.ids]);
    expect([...c.ids].sort()).toEqual([...a.ids].sort());
  });

  it('stops on a full disk and says how far it came; a second run continues from there', async () => {
    const memory = new Memory();
    memory.failAfter = 3;
    const stopped = await run(memory);
    expect(stopped.outcome).toBe('failed');
    expect(String(stopped.error)).toContain('full');
    expect(stopped.progress).toMatchObject({ items: 21, line: 21 });
    memory.failAfter = Infinity;
    const rest = await run(memory, { skip: stopped.progress.items });
    expect(rest).toMatchObject({
      outcome: 'done',
      skipped: 21,
      progress: { items: 101, outcomes: { accepted: 79, duplicate: 0 } },
    });
    expect(memory.ids.size).toBe(101);
  });

  it('stops between batches on its signal, with the batches in flight stored', async () => {
    const memory = new Memory();
    const stop = new AbortController();
    const stopped = await run(memory, {
      signal: stop.signal,
      onProgress: ({ items }) => {
        if (items >= 21) stop.abort();
      },
    });
    expect(stopped.outcome).toBe('stopped');
    expect(stopped.progress.items).toBe(memory.ids.size);
    expect(stopped.progress.items).toBeLessThan(101);
  });

  it('ends as failed where the file is missing', async () => {
    const summary = await run(new Memory(), { file: { path: '/nowhere/rows.txt', name: 'rows.txt' } });
    expect(summary).toMatchObject({ outcome: 'failed', progress: { items: 0 } });
  });
});
