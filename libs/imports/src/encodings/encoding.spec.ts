import { describe, expect, it } from '@jest/globals';
import { ENCODING_NAMES, encodingOf, markedEncoding } from './encoding.js';
import { ONE_BYTE_NAMES, oneByteTable } from './one-byte.js';
import { indexes } from './testdata/indexes.js';

describe('one-byte encodings', () => {
  const standard = indexes();

  it('are those of the Encoding Standard', () => {
    expect([...standard.values()].every((points) => points.length === 128)).toBe(true);
    expect([...standard.keys(), 'iso-8859-8-i'].sort()).toEqual([...ONE_BYTE_NAMES].sort());
  });

  it.each([...ONE_BYTE_NAMES])('reads all 256 bytes of %s as the standard does', (name) => {
    const upper = standard.get(name === 'iso-8859-8-i' ? 'iso-8859-8' : name) ?? [];
    const expected = [...Array.from({ length: 128 }, (_, byte) => byte), ...upper.map((point) => point ?? 0xfffd)];
    expect([...oneByteTable(name)]).toEqual(expected);
    const encoding = encodingOf(name);
    expected.forEach((point, byte) => {
      expect(encoding?.decode(Uint8Array.of(byte))).toBe(point === 0xfffd ? null : String.fromCharCode(point));
    });
  });

  it('are found by every label, whatever its case', () => {
    for (const [label, name] of [
      ['Windows-1252', 'windows-1252'],
      [' latin1 ', 'windows-1252'],
      ['ISO-8859-1', 'windows-1252'],
      ['cp1251', 'windows-1251'],
      ['iso-8859-9', 'windows-1254'],
      ['ISO-8859-16', 'iso-8859-16'],
      ['mac', 'macintosh'],
      ['logical', 'iso-8859-8-i'],
      ['UTF8', 'utf-8'],
      ['unicode', 'utf-16le'],
      ['sjis', 'shift_jis'],
      ['GB2312', 'gbk'],
      ['ks_c_5601-1987', 'euc-kr'],
    ] as const)
      expect(encodingOf(label)?.name).toBe(name);
    for (const label of ['', 'utf-32', 'cp850', 'x-user-defined', 'replacement', 'nonsense', 'constructor'])
      expect(encodingOf(label)).toBeNull();
    for (const name of ENCODING_NAMES) expect(encodingOf(name)?.name).toBe(name);
  });

  it('do not read what is UTF-8', () => {
    expect(encodingOf('windows-1252')?.decode(Buffer.from('Müller'))).toBeNull();
    expect(encodingOf('windows-1252')?.decode(Buffer.from('Muller'))).toBe('Muller');
    expect(encodingOf('windows-1252')?.decode(Buffer.from('M\xfcller \x80 5', 'latin1'))).toBe('Müller € 5');
  });
});

describe('multi-byte encodings', () => {
  it.each([
    ['shift_jis', '8e52936391be9859', '山田太郎', '8e5293'],
    ['euc-jp', 'bbb3c5c4c2c0cfba', '山田太郎', 'bbb3c5'],
    ['iso-2022-jp', '1b24423b3345441b2842', '山田', '1b2442ff'],
    ['gbk', 'cdf5d0a1c3f7', '王小明', 'cdf5d0ff'],
    ['gb18030', 'cdf5d0a1c3f78139ee39', '王小明\u3400', 'cdf5d0ff'],
    ['big5', 'a4fda470a9fa', '王小明', 'a4fda4ff'],
    ['euc-kr', 'b1e8c3b6bcf6', '김철수', 'b1e8c3ff'],
    ['utf-16le', '3100e400', '1ä', '3100e4'],
    ['utf-16be', '003100e4', '1ä', 'd8000031'],
  ])('reads %s, and nothing else', (name, hex, text, broken) => {
    expect(encodingOf(name)?.decode(Buffer.from(hex, 'hex'))).toBe(text);
    expect(encodingOf(name)?.decode(Buffer.from(broken, 'hex'))).toBeNull();
  });

  it('are named by a byte-order mark', () => {
    expect(markedEncoding(Buffer.from('\ufeffx'))).toMatchObject({ encoding: { name: 'utf-8' }, length: 3 });
    expect(markedEncoding(Buffer.from('\ufeffx', 'utf16le'))).toMatchObject({
      encoding: { name: 'utf-16le' },
      length: 2,
    });
    expect(markedEncoding(Buffer.from('x'))).toBeNull();
  });
});
