import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyCharacter } from '#testing/characters';
import { compact, expand } from './compact.js';

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((each) => Buffer.from(each).toString('hex'));
const text = fc.oneof(
  fc.uuid(),
  hex(16).map((id) => `subject-${id}`),
  fc.nat(40).chain(hex),
  fc.uuid().map((id) => id.toUpperCase()),
  fc.string({ unit: anyCharacter }),
);

describe('the compact form of an id', () => {
  it('is written out again as it was, whatever is written out between', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), (texts) => {
        const forms = texts.map(compact);
        // SQLite gives its own copy of the bytes, somewhere in a larger buffer.
        const read = forms.map((form) => (typeof form === 'string' ? form : new Uint8Array([9, ...form]).subarray(1)));
        expect(read.map(expand)).toEqual(texts);
      }),
    );
  });

  it('differs where the texts differ', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        const key = (form: string | Uint8Array) =>
          typeof form === 'string' ? `text ${form}` : Buffer.from(form).toString('hex');
        expect(key(compact(one)) === key(compact(other))).toBe(one === other);
      }),
    );
  });

  it('takes 17 bytes for a UUID and for the stream of a subject', () => {
    expect(compact('000612ae-7b1e-4c3a-9f11-00000000c255')).toHaveLength(17);
    expect(compact('subject-a80e17a1fa74defa2042f7ced5c8f46b')).toHaveLength(17);
  });
});
