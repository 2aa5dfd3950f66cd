import { describe, expect, it } from '@jest/globals';
import { fieldsOf, rowsOf, type Field } from './answers.js';

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const message = (letter: string, ...parts: readonly (Buffer | string)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  return Buffer.concat([Buffer.from(letter), int32(body.length + 4), body]);
};
const row = (...values: readonly (string | null)[]): Buffer =>
  message(
    'D',
    int16(values.length),
    ...values.map((value) =>
      value === null ? int32(-1) : Buffer.concat([int32(Buffer.byteLength(value)), Buffer.from(value)]),
    ),
  );
const complete = message('C', 'SELECT 1\0');
const bound = message('2');
const ready = message('Z', 'I');
const text = (name: string): Field => ({ name, read: (value) => value });

describe('what the embedded engine answers', () => {
  it('is the rows of each statement, in their order, each by its own columns', () => {
    const answers = Buffer.concat([
      ...[bound, row('anna', '7'), row('bert', null), complete],
      ...[bound, complete],
      ...[bound, row('größe 🙂\n'), complete, ready],
    ]);
    const number: Field = { name: 'n', read: Number };
    expect(rowsOf(answers, [[text('who'), number], [], [text('what')]])).toEqual([
      [
        { who: 'anna', n: 7 },
        { who: 'bert', n: null },
      ],
      [],
      [{ what: 'größe 🙂\n' }],
    ]);
  });

  it('passes over what is said beside it, and counts a statement of nothing as one without rows', () => {
    const notice = message('N', 'SNOTICE\0Mhear, hear\0\0');
    const answers = Buffer.concat([notice, message('S', 'TimeZone\0UTC\0'), message('I'), row(''), complete, ready]);
    expect(rowsOf(answers, [[], [text('a')]])).toEqual([[], [{ a: '' }]]);
  });

  it('tells the columns of a statement, and reads the types that it knows', () => {
    const column = (name: string, type: number): Buffer =>
      Buffer.concat([Buffer.from(`${name}\0`), int32(16_384), int16(1), int32(type), int16(8), int32(-1), int16(0)]);
    const described = Buffer.concat([
      message('1'),
      message('t', int16(0)),
      message('T', int16(2), column('n', 20), column('note', 25)),
      ready,
    ]);
    const [n, note] = fieldsOf(described, { 20: Number });
    expect([n?.name, n?.read('12'), note?.name, note?.read('12')]).toEqual(['n', 12, 'note', '12']);
    expect(fieldsOf(Buffer.concat([message('1'), message('n'), ready]), {})).toEqual([]);
  });

  it('is the error where there is one, with its words and its code', () => {
    const rejected = message('E', 'SERROR\0C23505\0Mduplicate key value\0Dbeside\0\0');
    const answers = Buffer.concat([bound, row('a'), rejected, ready]);
    const error = expect.objectContaining({ message: 'duplicate key value', code: '23505' });
    expect(() => rowsOf(answers, [[text('a')]])).toThrow(error as unknown as Error);
    expect(() => fieldsOf(answers, {})).toThrow(error as unknown as Error);
  });
});
