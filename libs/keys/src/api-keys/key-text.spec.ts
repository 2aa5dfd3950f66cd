import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { drawKey, isSecret, readKey } from './key-text.js';

describe('an API key as text', () => {
  it('carries its id, its secret and a checksum', () => {
    const { id, text, hash } = drawKey();
    expect(text).toMatch(/^pk_[0-9a-f]{12}_[\w-]{43}[0-9A-Za-z]{6}$/);
    const read = readKey(text);
    expect(read?.id).toBe(id);
    expect(isSecret(read?.secret ?? '', hash)).toBe(true);
    expect(isSecret(readKey(drawKey().text)?.secret ?? '', hash)).toBe(false);
  });

  it('has a checksum that scanners of secrets can compute: CRC-32 of the rest, in base 62', () => {
    expect(readKey('pk_000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA41rD5o')).toBeNull();
    const text = 'pk_000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
    const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    let crc = 0xffffffff;
    for (const byte of Buffer.from(text)) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    let left = (crc ^ 0xffffffff) >>> 0;
    let checksum = '';
    while (left > 0) {
      checksum = digits[left % 62] + checksum;
      left = Math.floor(left / 62);
    }
    expect(readKey(text + checksum.padStart(6, '0'))).toEqual({ id: '000000000000', secret: 'A'.repeat(43) });
  });

  it('is not read once a character has changed', () => {
    const { text } = drawKey();
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom(...'abcXYZ019_-'), (at, character) => {
        fc.pre(text[at] !== character);
        expect(readKey(text.slice(0, at) + character + text.slice(at + 1))).toBeNull();
      }),
    );
  });

  it('of an earlier release has no checksum', () => {
    const { text, id } = drawKey();
    expect(readKey(text.slice(0, -6))?.id).toBe(id);
    for (const bad of [text.slice(0, -1), `${text}x`, text.slice(0, -7), '', 'pk_']) expect(readKey(bad)).toBeNull();
  });
});
