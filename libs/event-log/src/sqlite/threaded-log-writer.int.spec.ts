import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Samples } from '../../conformance/fixture.js';
import type { AppendItem } from '../port.js';
import { ThreadedLogWriter } from './threaded-log-writer.js';

const WAL_HEADER = 32;
const FRAME_HEADER = 24;

/** Commits that stand in a WAL: the frames that tell how large the file is after them. */
function commitsIn(wal: string): number {
  const bytes = readFileSync(wal);
  const frame = FRAME_HEADER + bytes.readUInt32BE(8);
  let commits = 0;
  for (let at = WAL_HEADER; at + frame <= bytes.length; at += frame) if (bytes.readUInt32BE(at + 4) > 0) commits += 1;
  return commits;
}

describe('the log writer in a thread', () => {
  const samples = new Samples();
  let folder: string;
  let file: string;
  let writer: ThreadedLogWriter;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'perennial-thread-'));
    file = join(folder, 'log.db');
    writer = await ThreadedLogWriter.start(file, () => undefined);
  });
  afterEach(async () => {
    await writer.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const item = (): AppendItem => ({ stream: samples.stream(), event: samples.event() });
  const write = (...items: AppendItem[]) => writer.write({ kind: 'each', items, receipts: [] });

  it('commits together what is asked within one turn of the event loop, and answers each', async () => {
    // Opening the file has made its tables and the log's identity.
    const before = commitsIn(`${file}-wal`);
    const verdicts = await Promise.all([write(item()), write(item(), item()), write(item())]);
    expect(verdicts.map((each) => each.map(({ status }) => status))).toEqual([
      ['accepted'],
      ['accepted', 'accepted'],
      ['accepted'],
    ]);
    expect(commitsIn(`${file}-wal`) - before).toBe(1);
    await write(item());
    await write(item());
    expect(commitsIn(`${file}-wal`) - before).toBe(3);
  });

  it('answers a request that holds nothing', async () => {
    await expect(write()).resolves.toEqual([]);
  });

  it('fails what was asked of a thread that ends, at once and with the reason, and whatever is asked of it later', async () => {
    const asked = write(item());
    await Promise.all([expect(asked).rejects.toMatchObject({ code: 'unavailable' }), writer.kill()]);
    await expect(write(item())).rejects.toMatchObject({ name: 'EventLogError', code: 'unavailable' });
  });

  it('writes what was asked before it is closed', async () => {
    const asked = write(item());
    await writer.close();
    expect((await asked).map(({ status }) => status)).toEqual(['accepted']);
  });
});
