import { describe, expect, it } from '@jest/globals';
import { expandedRow } from './expanded-row.js';

const column = (name: string) => ({ name, type: 'text' as const, description: '' });

describe('an expanded row', () => {
  it('has a line for each column that has a value', () => {
    const row = { customerId: 'c-1', cycle: 2, stage: 'retention', lostAt: null };
    expect(expandedRow(['customerId', 'cycle', 'stage', 'lostAt'].map(column), row)).toBe(
      'customerId  c-1\ncycle       2\nstage       retention\n',
    );
  });

  it('has a line for each field of an object, and one for each item of a list', () => {
    const row = {
      identifiers: [
        { namespace: 'email', value: 'ann@example.com', rejected: null },
        { namespace: 'userId', value: 'u-1' },
      ],
      cause: { rule: 'silence-at-risk', events: [], values: { days: 90, needed: 90 } },
      flags: ['win-back', 'vip'],
      actions: [],
    };
    expect(expandedRow(['identifiers', 'cause', 'flags', 'actions'].map(column), row)).toBe(
      [
        'identifiers  namespace email, value ann@example.com',
        '             namespace userId, value u-1',
        'cause        rule    silence-at-risk',
        '             events  none',
        '             values  days    90',
        '                     needed  90',
        'flags        win-back, vip',
        'actions      none',
        '',
      ].join('\n'),
    );
  });

  it('contains no control characters', () => {
    const row = { note: 'a\u001b[2Jb', more: { 'x\u0007': 'y\n' } };
    expect(expandedRow([column('note'), column('more')], row)).toBe('note  a [2Jb\nmore  x   y\n');
  });
});
