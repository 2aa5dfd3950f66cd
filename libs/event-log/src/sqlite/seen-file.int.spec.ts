import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { seenPosition } from './seen-file.js';
import { openSqliteLog } from './sqlite-log.js';

const event = (id: string) => ({
  ...{ source: 's', id, type: 't', schemaVersion: 1, occurredAt: 0, meta: '{}', data: '{}' },
  contentHash: Buffer.alloc(16, 1),
});

describe('the file that says how far a log had come', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'perennial-seen-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('names the copy and the last committed position, and not what was opened after a loss', async () => {
    const file = join(folder, 'log.db');
    const log = await openSqliteLog({ file, writing: 'here' });
    for (const id of ['a', 'b', 'c']) await log.append('one', 'any', [event(id)]);
    const { copyId } = await log.identity();
    expect(seenPosition(file)).toEqual({ copyId, position: 3 });
    await log.close();
    rmSync(file);
    const shorter = await openSqliteLog({ file, writing: 'here' });
    expect(seenPosition(file)).toEqual({ copyId, position: 3 });
    await shorter.append('one', 'any', [event('a')]);
    expect(seenPosition(file)).toEqual({ copyId: (await shorter.identity()).copyId, position: 1 });
    const other = await shorter.becomeAnotherCopy();
    expect(seenPosition(file)).toEqual({ copyId: other.copyId, position: 1 });
    await shorter.close();
    expect(readFileSync(`${file}-seen`, 'latin1')).toHaveLength(50);
  });
});
