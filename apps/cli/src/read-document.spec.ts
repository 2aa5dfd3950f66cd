import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { assertUnicode } from './arguments.js';
import { readDocument } from './read-document.js';

const folder = mkdtempSync(join(tmpdir(), 'document-'));
afterAll(() => rmSync(folder, { recursive: true }));
const read = async (bytes: Buffer | string) => {
  const path = join(folder, 'mapping.json');
  writeFileSync(path, bytes);
  return (await readDocument(path)).value;
};

describe('a document that an operator gives', () => {
  it('is read in UTF-8, or by its byte-order mark', async () => {
    const text = '\ufeff{"name":"Müller"}';
    for (const bytes of [text.slice(1), text, Buffer.from(text, 'utf16le'), Buffer.from(text, 'utf16le').swap16()])
      expect(await read(bytes)).toEqual({ name: 'Müller' });
  });

  it('may be YAML', async () => {
    expect(await read('# the shop\nname: Müller')).toEqual({ name: 'Müller' });
  });

  it.each([
    ['other bytes', Buffer.from('{"name":"M\xfcller"}', 'latin1'), /not UTF-8; it looks like windows-1252/],
    ['a key that stands twice', '{"column":"a","column":"b"}', /stands twice/],
    ['a number that loses digits', '{"n":9007199254740993}', /more digits/],
    ['what is not JSON', '{', /is not JSON or YAML/],
  ])('is rejected with %s', async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(message);
  });
});

describe('the arguments of a command', () => {
  it('are rejected where a byte of them was replaced', () => {
    expect(() => assertUnicode(['query', 'customer', '--identifier', 'userId:M\ufffdller'])).toThrow(
      /argument 4 is not UTF-8/,
    );
    expect(() => assertUnicode(['query', 'customer', '--identifier', 'userId:Müller'])).not.toThrow();
  });
});
