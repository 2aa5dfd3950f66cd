import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readConfig } from '#platform';
import type { JournaledErasure } from './erasure-journal.js';
import { FileJournal } from './file-journal.js';
import { openErasureJournal } from './open-journal.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const id = (number: number): string => number.toString(16).padStart(32, '0');
const erasure = (number: number): JournaledErasure => ({
  ...{ erasureId: id(number), subjectIds: [id(100 + number), id(200 + number)], customerId: id(100 + number) },
  ...{ erasedAt: NOW + number, by: 'local', hashKeyCheck: id(9) },
});
const LOGGER = { debug: () => undefined, info: () => undefined, warn: () => undefined };

describe('the erasure journal in a file', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'perennial-journal-'));
    path = join(folder, 'erasures.ndjson');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('gives every erasure back, in order, also after it is opened again', async () => {
    const journal = await FileJournal.open(path);
    await Promise.all([1, 2, 3].map((number) => journal.append(erasure(number))));
    expect(await journal.readAll()).toEqual([1, 2, 3].map(erasure));
    await journal.append(erasure(4));
    expect(await journal.readAll()).toEqual([1, 2, 3, 4].map(erasure));
    await journal.close();
    const again = await FileJournal.open(path);
    expect(await again.readAll()).toEqual([1, 2, 3, 4].map(erasure));
    await again.close();
  });

  it('is readable by its owner alone, and holds ids and instants only', async () => {
    const journal = await FileJournal.open(path);
    await journal.append(erasure(1));
    await journal.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(Object.keys(JSON.parse(readFileSync(path, 'utf8')) as object)).toEqual([
      ...['journal', 'erasureId', 'erasedAt', 'subjectIds', 'customerId', 'by', 'hashKeyCheck'],
    ]);
  });

  it('drops a line that a crash cut short, which was never acknowledged, and nothing before it', async () => {
    const journal = await FileJournal.open(path);
    await journal.append(erasure(1));
    await journal.close();
    appendFileSync(path, '{"journal":1,"erasureId":"00');
    const again = await FileJournal.open(path);
    await again.append(erasure(2));
    expect(await again.readAll()).toEqual([erasure(1), erasure(2)]);
    await again.close();
  });

  it.each([
    ['garbage', 'garbage'],
    ['an object that is no erasure', '{}'],
    ['subjects that are no ids', `{"journal":1,"erasureId":"${id(1)}","subjectIds":["ann@shop.example"]}`],
    ['no subject', JSON.stringify({ ...{ journal: 1, erasureId: id(1), subjectIds: [], customerId: null } })],
    ['a later version', '{"journal":2}'],
  ])('is rejected with its line where one holds %s', async (_, line) => {
    const journal = await FileJournal.open(path);
    await journal.append(erasure(1));
    appendFileSync(path, `${line}\n`);
    await expect(journal.readAll()).rejects.toMatchObject({
      code: 'torn',
      message: expect.stringContaining(' 2 of the erasure journal '),
    });
    await journal.close();
  });

  it('is not created in a folder that does not exist: its disk may not be mounted', async () => {
    await expect(FileJournal.open(join(folder, 'missing', 'erasures'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('mount its disk'),
    });
    await expect(FileJournal.open(folder)).rejects.toMatchObject({
      message: expect.stringContaining('it is a folder'),
    });
  });

  it('writes to the file that has its name, when another program has moved the old one away', async () => {
    const journal = await FileJournal.open(path);
    await journal.append(erasure(1));
    renameSync(path, `${path}.old`);
    writeFileSync(path, '', { mode: 0o600 });
    await journal.append(erasure(2));
    expect(await journal.readAll()).toEqual([erasure(2)]);
    await journal.close();
  });

  it('must lie outside the data folder', async () => {
    const config = readConfig({ DATA_DIR: folder, ERASURE_JOURNAL: join(folder, 'sub', 'erasures') });
    await expect(openErasureJournal(config, LOGGER)).rejects.toThrow(/ERASURE_JOURNAL names a file in DATA_DIR/);
    expect(await openErasureJournal(readConfig({}), LOGGER)).toBeNull();
    await expect(openErasureJournal(readConfig({ ERASURE_JOURNAL: 'kafka:erasures' }), LOGGER)).rejects.toThrow(
      /KAFKA_BROKERS names no broker/,
    );
  });
});
