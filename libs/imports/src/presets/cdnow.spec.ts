import { describe, expect, it } from '@jest/globals';
import { validateTouchpointData } from '#contracts';
import { readText } from '../testdata/read-layout.js';
import { cdnowLayout } from './cdnow.js';

const FILE = [
  ' 00004 0001 19970101  2   29.33',
  ' 00004 0001 19970118  2   29.73',
  ' 00004 0001 19970118  2   29.73',
  ' 00021 0002 19970230  3   63.34',
  ' 00021 0002 19970101  3',
  '',
  ' 00050 0003 19970101  1    0.00',
].join('\r\n');

describe('the cdnow preset', () => {
  it('makes each line an order at 00:00 of the business, twice where the line is there twice', async () => {
    const { drafts, notes } = await readText(FILE, cdnowLayout('UTC'), 'CDNOW_sample.txt');
    expect(notes.lines).toBe(6);
    expect(drafts.map((draft) => [draft.identifiers[0]?.value, draft.occurredAt, draft.data['totalMinor']])).toEqual([
      ['0001', '1997-01-01T00:00:00Z', 2933],
      ['0001', '1997-01-18T00:00:00Z', 2973],
      ['0001', '1997-01-18T00:00:00Z', 2973],
      ['0003', '1997-01-01T00:00:00Z', 0],
    ]);
    expect(new Set(drafts.map((draft) => draft.id)).size).toBe(4);
    for (const draft of drafts) expect(validateTouchpointData(draft.type, 1, draft.data)).toMatchObject({ ok: true });
  });

  it('quarantines what is no purchase, with the line', async () => {
    const { invalid } = await readText(FILE, cdnowLayout('UTC'), 'CDNOW_sample.txt');
    expect(invalid.map(({ file, line, code, pointer: path }) => [file, line, code, path])).toEqual([
      ['CDNOW_sample.txt', 4, 'value-malformed', 'day'],
      ['CDNOW_sample.txt', 5, 'row-malformed', ''],
    ]);
  });

  it('reads days in the zone of the business', async () => {
    const { drafts } = await readText(FILE, cdnowLayout('America/New_York'));
    expect(drafts[0]?.occurredAt).toBe('1997-01-01T05:00:00Z');
  });
});
