import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readJson } from '#contracts';
import { DocumentFileError, parseDocumentText, readDocumentFile } from './document-file.js';

describe('a document in a file', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'document-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (content: string | Buffer, name = 'a.yaml'): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };

  it('is read as YAML with comments', () => {
    const text = '# the shop\nname: tea # in small letters\ncurrency: EUR\ntaxonomy: [tea, "cups"]\nnothing: null\n';
    expect(readDocumentFile(file(text)).value).toEqual({
      ...{ name: 'tea', currency: 'EUR', taxonomy: ['tea', 'cups'], nothing: null },
    });
  });

  it('keeps words as words: no is no text for false, and a date is no other value', () => {
    expect(parseDocumentText('country: no\nday: 2026-01-31\nyes: on')).toEqual({
      ...{ country: 'no', day: '2026-01-31', yes: 'on' },
    });
  });

  it('is read as JSON, indented by blanks or tabs, with or without a byte-order mark', () => {
    for (const indent of [0, 2, '\t'])
      fc.assert(
        fc.property(fc.dictionary(fc.string(), fc.jsonValue({ noUnicodeString: false })), (document) => {
          const text = JSON.stringify(document, null, indent);
          // A whole number beyond 2^53 is written with digits that a number does not hold: it is rejected, see below.
          fc.pre(readJson(text)?.flaws.length === 0);
          expect(parseDocumentText(text)).toEqual(JSON.parse(text));
        }),
        { numRuns: 50 },
      );
    expect(readDocumentFile(file('\uFEFF{"a": 1}', 'b.json')).value).toEqual({ a: 1 });
    expect(readDocumentFile(file(Buffer.from('\uFEFFa: Müller', 'utf16le'))).value).toEqual({ a: 'Müller' });
  });

  it.each([
    ['a key twice', '{"a": 1,\n "a": 2}', /#\/a stands twice/],
    ['a key twice in YAML', 'a: 1\nb: 1\na: 2', /must be unique at line 3/],
    ['a number that loses digits', '{"a": 9007199254740993}', /more digits/],
    ['a number of YAML that loses digits', 'a:\n  - 9007199254740993 # an id', /9007199254740993 has more digits/],
    ['a decimal of YAML that loses digits', 'a: 0.12345678901234567891', /more digits/],
    ['a number of YAML that is out of range', 'a: 1e400', /more digits/],
    ['text that breaks off', '{"a": [1,', /line 1/],
    ['a tag', 'a: !!js/function "x"', /tag/i],
    ['nothing', '', /holds no document/],
    ['only comments', '# later\n', /holds no document/],
    ['comments of JavaScript', '{\n// the shop\n"name": "tea",,\n}', /comment begins with #/],
    ['Windows-1252', Buffer.from('name: M\xfcller', 'latin1'), /is not UTF-8; it looks like windows-1252/],
    ['a copy of a copy of a copy', `a: &a [1,1,1,1,1,1,1,1,1,1]\n${bomb()}`, /alias/i],
  ])('rejects %s with the place and a hint', (_, content, message) => {
    let error: unknown = null;
    try {
      readDocumentFile(file(content));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(DocumentFileError);
    expect((error as Error).message).toMatch(message);
  });

  it('names a file that is not there, and a folder', () => {
    expect(() => readDocumentFile(join(folder, 'none.yaml'))).toThrow('does not exist');
    expect(() => readDocumentFile(folder)).toThrow('is a folder');
  });
});

function bomb(): string {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  return names
    .slice(1)
    .map((name, index) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${names[index]}`).join(',')}]`)
    .join('\n');
}
