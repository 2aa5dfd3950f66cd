import { describe, expect, it } from '@jest/globals';
import { failureOf } from './failure.js';

describe('what failed in the embedded database', () => {
  it('is told in the words of the database where it has any', () => {
    const error = Object.assign(new Error('relation "x" does not exist'), { code: '42P01' });
    expect(failureOf(error)).toEqual({ message: 'relation "x" does not exist', code: '42P01' });
  });

  it('is told in words where the file system threw a number: a full disk by the code of a full disk', () => {
    expect(failureOf({ name: 'ErrnoError', errno: 51 })).toEqual({
      message: 'The embedded database could not go on: there is no space left on its disk.',
      code: '53100',
    });
    expect(failureOf({ name: 'ErrnoError', errno: 77 })).toEqual({
      message: 'The embedded database could not go on: its file system rejected (errno 77).',
      code: '58030',
    });
  });

  it.each([undefined, null, 7, 'a text'])('is told where it is no error at all: %s', (thrown) => {
    expect(failureOf(thrown)).toEqual({ message: String(thrown), code: '' });
  });
});
