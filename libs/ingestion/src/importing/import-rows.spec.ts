import { describe, expect, it } from '@jest/globals';
import { invalidRowItem } from './imported-item.js';
import { readImportRow } from './import-rows.js';

const invalidRow = {
  ...{ id: 'r', source: 's', file: 'orders.csv', line: 3, row: ['x'], identifiers: [] },
  ...{ code: 'row-malformed', pointer: 'total', detail: 'must be an amount', hint: 'write it as 19.90' },
};

describe('a row of an import', () => {
  it('is a touchpoint, which is validated like any other', () => {
    expect(readImportRow({ touchpoint: { id: '1' } }, false)).toEqual({ document: { id: '1' } });
  });

  it('is an invalid row, which is quarantined with the reason of the importer and its place in the file', () => {
    expect(readImportRow({ invalidRow }, true)).toMatchObject({
      document: { id: 'r', row: ['x'] },
      rejection: { code: 'row-malformed', issues: [{ pointer: 'total', hint: 'write it as 19.90' }] },
      at: { file: 'orders.csv', line: 3 },
    });
  });

  it.each(['', 'x'.repeat(101), 'a\0b', '\ud83d'])(
    'is quarantined with its reason where its id %j cannot name it in the log',
    (id) => {
      const item = invalidRowItem({ ...invalidRow, id });
      expect(item).toMatchObject({ rejection: { code: 'row-malformed' }, at: { file: 'orders.csv', line: 3 } });
      expect(item.origin).toBeUndefined();
      expect(invalidRowItem(invalidRow).origin).toEqual({ file: 'orders.csv', line: 3, row: 'r' });
    },
  );

  it('is not taken at its word where another than the importer sends it: its reason would be stored in the clear', () => {
    const line = { invalidRow: { ...invalidRow, detail: 'Ann Doe, ann@shop.example' } };
    const item = readImportRow(line, false);
    expect(item).toMatchObject({ document: line, rejection: { code: 'importer-only' } });
    expect(JSON.stringify(item.rejection)).not.toContain('Ann');
    expect(item.at).toBeUndefined();
  });

  it('is a touchpoint with the place that it was read from, where the importer says it', () => {
    const origin = { file: 'orders.csv', line: 3, row: 'row-1' };
    expect(readImportRow({ touchpoint: { id: '1' }, origin }, true)).toEqual({ document: { id: '1' }, origin });
    expect(readImportRow({ touchpoint: {}, origin: { ...origin, line: 'x' } }, true)).toMatchObject({
      rejection: { code: 'unreadable' },
    });
  });

  it.each([
    ['neither', { id: '1' }],
    ['both', { touchpoint: {}, invalidRow }],
    ['a list', [1]],
    ['null', null],
    ['an invalid row without a line', { invalidRow: { ...invalidRow, line: undefined } }],
    ['an invalid row whose pointer is none', { invalidRow: { ...invalidRow, pointer: '#/row/%' } }],
    ['an invalid row with NUL in a text', { invalidRow: { ...invalidRow, file: 'a\0b' } }],
    ['an invalid row with half a character', { invalidRow: { ...invalidRow, detail: '\ud83d' } }],
    ['a touchpoint without the id of its row', { touchpoint: {}, origin: { file: 'a.csv', line: 1, row: '' } }],
    ['an invalid row with an endless text', { invalidRow: { ...invalidRow, detail: 'x'.repeat(2_001) } }],
  ])('is quarantined as unreadable where it is %s', (_, line) => {
    expect(readImportRow(line, true)).toMatchObject({ document: line, rejection: { code: 'unreadable' } });
  });
});
