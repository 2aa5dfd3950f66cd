import { describe, expect, it } from '@jest/globals';
import { validateTouchpointData } from '#contracts';
import { readText } from '../testdata/read-file.js';
import { cdnowReader } from './cdnow.js';

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
    const { touchpoints, report } = await readText(FILE, cdnowReader('UTC'), 'CDNOW_sample.txt');
    expect(report.lines).toBe(6);
    expect(
      touchpoints.map((touchpoint) => [
        touchpoint.identifiers[0]?.value,
        touchpoint.occurredAt,
        touchpoint.data['totalMinor'],
      ]),
    ).toEqual([
      ['0001', '1997-01-01T00:00:00Z', 2933],
      ['0001', '1997-01-18T00:00:00Z', 2973],
      ['0001', '1997-01-18T00:00:00Z', 2973],
      ['0003', '1997-01-01T00:00:00Z', 0],
    ]);
    expect(new Set(touchpoints.map((touchpoint) => touchpoint.id)).size).toBe(4);
    for (const touchpoint of touchpoints)
      expect(validateTouchpointData(touchpoint.type, 1, touchpoint.data)).toMatchObject({ ok: true });
  });

  it('reports a line that is not a purchase', async () => {
    const { invalid } = await readText(FILE, cdnowReader('UTC'), 'CDNOW_sample.txt');
    expect(invalid.map(({ file, line, code, pointer }) => [file, line, code, pointer])).toEqual([
      ['CDNOW_sample.txt', 4, 'value-malformed', '#/row/day'],
      ['CDNOW_sample.txt', 5, 'row-malformed', '#/row'],
    ]);
  });

  it('reads days in the time zone of the business', async () => {
    const { touchpoints } = await readText(FILE, cdnowReader('America/New_York'));
    expect(touchpoints[0]?.occurredAt).toBe('1997-01-01T05:00:00Z');
  });
});
