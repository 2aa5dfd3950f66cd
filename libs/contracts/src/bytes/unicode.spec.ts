import { describe, expect, it } from '@jest/globals';
import { likelyEncoding } from './likely-encoding.js';
import { decodeUnicode, unicodeDocument } from './unicode.js';

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

describe('bytes as text', () => {
  it.each([
    ['a letter of Latin 1', latin1('M\xfcller')],
    ['a character that is cut off', Buffer.from('Mü').subarray(0, 2)],
    ['a character that is written longer than it is', Buffer.from([0x41, 0xc0, 0xaf])],
    ['half a surrogate pair', Buffer.from([0xed, 0xa0, 0x80])],
    ['a lone continuation', Buffer.from([0x80])],
    ['beyond Unicode', Buffer.from([0xf4, 0x90, 0x80, 0x80])],
  ])('are not UTF-8: %s', (_, bytes) => {
    expect(decodeUnicode(bytes)).toBeNull();
    expect(unicodeDocument(bytes)).toBeNull();
  });

  it('are what they are, and not more', () => {
    for (const text of ['', 'abc', 'Müller 😀', '\ufffd', '\0'])
      expect(unicodeDocument(Buffer.from(text))).toMatchObject({ text });
  });

  it.each([
    ['UTF-8', Buffer.from('\ufeff{"a":"ü"}')],
    ['UTF-16LE', Buffer.from('\ufeff{"a":"ü"}', 'utf16le')],
    ['UTF-16BE', utf16be('\ufeff{"a":"ü"}')],
  ])('are read by their byte-order mark: %s', (_, bytes) => {
    expect(unicodeDocument(bytes)?.text).toBe('{"a":"ü"}');
  });

  it('are not UTF-16 where a pair is broken, or a byte is missing', () => {
    expect(unicodeDocument(Buffer.from('\ufeffa\ud800b', 'utf16le'))).toBeNull();
    expect(unicodeDocument(Buffer.from('\ufeffab', 'utf16le').subarray(0, 5))).toBeNull();
  });
});

describe('what bytes look like', () => {
  it.each([
    ['windows-1252', latin1('1,2024-01-05,M\xfcller,10.00')],
    ['windows-1252', latin1('{"value":"M\xf6ller"}')],
    ['windows-1252', Buffer.from([0x8a])],
    ['utf-16le', Buffer.from('Name,Mail', 'utf16le')],
    ['utf-16be', utf16be('Name,Mail')],
    ['windows-1252', Buffer.from('322c323032342d30312d30362c9378942c32302e3030', 'hex')],
    ['windows-1252', latin1('price \x80 5, caf\xe9 \x93na\xefve\x94')],
    ['shift_jis', Buffer.from('8e5293632c93cc8b9e', 'hex')],
    // "Заказ, Иванов Иван, Москва" in windows-1251.
    ['windows-1251', Buffer.from('c7e0eae0e72c20c8e2e0edeee220c8e2e0ed2c20cceef1eae2e0', 'hex')],
  ])('like %s', (name, bytes) => {
    expect(likelyEncoding(bytes)).toBe(name);
  });
});
