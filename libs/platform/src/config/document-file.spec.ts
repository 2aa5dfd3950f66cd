import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
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
    expect(readDocumentFile(file(text))).toEqual({
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
          expect(parseDocumentText(text)).toEqual(JSON.parse(text));
        }),
        { numRuns: 50 },
      );
    expect(readDocumentFile(file('\uFEFF{"a": 1}', 'b.json'))).toEqual({ a: 1 });
  });

  it.each([
    ['a key twice', '{"a": 1,\n "a": 2}', /must be unique at line 2/],
    ['text that breaks off', '{"a": [1,', /line 1/],
    ['a tag', 'a: !!js/function "x"', /tag/i],
    ['nothing', '', /holds no document/],
    ['only comments', '# later\n', /holds no document/],
    ['comments of JavaScript', '{\n// the shop\n"name": "tea",,\n}', /comment begins with #/],
    ['Windows-1252', Buffer.from('name: M\xfcller', 'latin1'), /is not UTF-8/],
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
