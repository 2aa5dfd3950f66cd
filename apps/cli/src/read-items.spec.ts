import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readCsvRows, readItems } from './read-items.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'perennial-items-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const file = (text: string): string => {
  const path = join(folder, 'file');
  writeFileSync(path, text);
  return path;
};

describe('the items of a file', () => {
  it('are its lines, numbered as an editor does, without the empty ones', async () => {
    expect(await readItems(file('{"a":1}\n\nnot json\r\n 2 \n'))).toEqual([
      { number: 1, isJson: true, value: { a: 1 } },
      { number: 3, isJson: false },
      { number: 4, isJson: true, value: 2 },
    ]);
  });

  it('are those of its list, where it is one', async () => {
    expect(await readItems(file('\n[1, {"b": 2}]\n'))).toEqual([
      { number: 1, isJson: true, value: 1 },
      { number: 2, isJson: true, value: { b: 2 } },
    ]);
  });

  it('cannot be read from a file that is not there, or a list that is torn', async () => {
    await expect(readItems(join(folder, 'nowhere'))).rejects.toThrow(/nowhere cannot be read: ENOENT/);
    await expect(readItems(file('[1, 2'))).rejects.toThrow(/file/);
  });
});

describe('the rows of a CSV file', () => {
  it('have the columns of its first line, without a byte order mark and spaces', async () => {
    expect(await readCsvRows(file('\ufeffday , rate\n2026-03-01,"1,5"\n\n'))).toEqual([
      { day: '2026-03-01', rate: '1,5' },
    ]);
  });

  it('cannot be read where a row has too many cells, or the file is not there', async () => {
    await expect(readCsvRows(file('a,b\n1,2,3\n'))).rejects.toThrow(/cannot be read as CSV: .*Invalid Record Length/);
    await expect(readCsvRows(join(folder, 'nowhere'))).rejects.toThrow(/cannot be read as CSV: ENOENT/);
  });
});
