import { writeFileSync } from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { rmSync } from 'node:fs';
import { fileLines, LINE_BYTES_MAX } from './file-lines.js';
import { LineCutter } from './lines/line-cutter.js';

const folder = mkdtempSync(join(tmpdir(), 'lines-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function linesOf(bytes: Buffer, encoding?: string) {
  const path = join(folder, 'file');
  writeFileSync(path, bytes);
  const lines: (readonly [number, string, string?])[] = [];
  for await (const page of fileLines({ path, name: 'file', ...(encoding === undefined ? {} : { encoding }) }))
    for (const [line, text, unreadable] of page)
      lines.push(unreadable === undefined ? [line, text] : [line, text, unreadable.code]);
  return lines;
}
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

describe('the lines of a file', () => {
  it('are cut at each line end, with their numbers', async () => {
    expect(await linesOf(Buffer.from('a\r\nb\n\nc'))).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, ''],
      [4, 'c'],
    ]);
    expect(await linesOf(Buffer.from(''))).toEqual([]);
    expect(await linesOf(Buffer.from('x'))).toEqual([[1, 'x']]);
    expect(await linesOf(Buffer.from('\ufeff'))).toEqual([]);
    expect(await linesOf(gzipSync('a\nb\n'))).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  });

  it('that are not UTF-8 are told apart by their bytes, and the others are read', async () => {
    const lines = await linesOf(Buffer.from('no\nM\xfcller\nM\xf6ller\nlast\n', 'latin1'));
    expect(lines).toEqual([
      [1, 'no'],
      [2, `base64:${Buffer.from('M\xfcller', 'latin1').toString('base64')}`, 'not-utf-8'],
      [3, `base64:${Buffer.from('M\xf6ller', 'latin1').toString('base64')}`, 'not-utf-8'],
      [4, 'last'],
    ]);
  });

  it.each([
    ['windows-1252', Buffer.from('M\xfcller;\x80\nx\n', 'latin1'), ['Müller;€', 'x']],
    ['latin1', Buffer.from('M\xfcller;\x80', 'latin1'), ['Müller;€']],
    ['Shift_JIS', Buffer.from('8e52936391be98590a8e5293630a', 'hex'), ['山田太郎', '山田']],
    ['utf-16le', Buffer.from('a\r\nü\n', 'utf16le'), ['a', 'ü']],
    ['utf-16be', utf16be('a\r\nü\n\u0a0a\u0a00'), ['a', 'ü', '\u0a0a\u0a00']],
    [undefined, Buffer.from('\ufeffa\nü\n\u0a0a\u0a00\u000a', 'utf16le'), ['a', 'ü', '\u0a0a\u0a00']],
    [undefined, utf16be('\ufeffa\nü'), ['a', 'ü']],
    [undefined, Buffer.from('\ufeffa\nü'), ['a', 'ü']],
    // A byte-order mark counts more than what is said.
    ['windows-1252', Buffer.from('\ufeffMüller'), ['Müller']],
    ['utf-8', Buffer.from('\ufeffMüller', 'utf16le'), ['Müller']],
  ])('are read in %s', async (encoding, bytes, texts) => {
    expect((await linesOf(bytes, encoding)).map(([, text]) => text)).toEqual(texts);
  });

  it('are read whatever the chunks are that they come in', () => {
    for (const [bytes, texts] of [
      [Buffer.from('\ufeffaü\r\n\nb\u0a0a\n', 'utf16le'), ['aü\r', '', 'b\u0a0a']],
      [utf16be('\ufeffaü\n\nb\u0a00'), ['aü', '', 'b\u0a00']],
      [Buffer.from('\ufeffaü\n\nb'), ['aü', '', 'b']],
      [Buffer.from('ab'), ['ab']],
    ] as const)
      for (let size = 1; size <= bytes.length; size += 1) {
        const cutter = new LineCutter(100);
        const lines = [];
        for (let at = 0; at < bytes.length; at += size) lines.push(...cutter.push(bytes.subarray(at, at + size)));
        lines.push(...cutter.end());
        expect(lines.map((line) => cutter.encoding.decode(line.bytes))).toEqual(texts);
      }
  });

  it('that are too long are cut, told apart by the whole, and the next one is read', () => {
    const long = (last: string) => Buffer.from(`${'x'.repeat(10_000)}${last}\nnext\n`);
    const cut = (bytes: Buffer, size: number) => {
      const cutter = new LineCutter(5_000);
      const lines = [];
      for (let at = 0; at < bytes.length; at += size) lines.push(...cutter.push(bytes.subarray(at, at + size)));
      return [...lines, ...cutter.end()];
    };
    const [first, next] = cut(long('1'), 20_000);
    expect(first).toMatchObject({ cut: { bytes: 10_001 } });
    expect(first?.bytes.length).toBe(4_096);
    expect(next?.bytes.toString()).toBe('next');
    for (const size of [1, 7, 4_999, 5_001]) expect(cut(long('1'), size)).toEqual([first, next]);
    expect(cut(long('2'), 7)[0]?.cut?.sha256).not.toBe(first?.cut?.sha256);
  });

  it('are bounded in a file too', async () => {
    const lines = await linesOf(gzipSync(Buffer.concat([Buffer.alloc(3 * LINE_BYTES_MAX, 'x'), Buffer.from('\nb\n')])));
    expect(lines.map(([line, text, code]) => [line, text.length < 6_000, code])).toEqual([
      [1, true, 'line-too-long'],
      [2, true, undefined],
    ]);
  });

  it('of a file in UTF-16 without a mark, or in an unknown encoding, are rejected before any is read', async () => {
    await expect(linesOf(Buffer.from('Name,Mail\n', 'utf16le'))).rejects.toThrow(/looks like utf-16le/);
    await expect(linesOf(utf16be('Name,Mail\n'))).rejects.toThrow(/looks like utf-16be/);
    await expect(linesOf(Buffer.from('x'), 'klingon')).rejects.toThrow(/not an encoding/);
  });
});
