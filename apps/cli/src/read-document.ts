import { readFileSync } from 'node:fs';
import { issueOfFlaw, likelyEncoding, readJson, unicodeDocument } from '#contracts';
import { rejected } from './exit-codes.js';
import { issueLines } from './terminal/issue-lines.js';

/** A JSON document that an operator wrote. */
export interface GivenDocument {
  readonly text: string;
  readonly value: unknown;
}

/**
 * Reads the JSON document of a file. No byte of it is replaced, no key stands twice, and no number is rounded in silence.
 * @throws CliError where the file cannot be read so
 */
export function readDocument(path: string): GivenDocument {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw rejected(`${path} cannot be read: ${(error as Error).message}`);
  }
  const decoded = unicodeDocument(bytes);
  if (decoded === null)
    throw rejected(`${path} is not UTF-8; it looks like ${likelyEncoding(bytes)}. Save it as UTF-8.`);
  const { text, utf8 } = decoded;
  const reading = readJson(text, utf8);
  if (reading === null) throw rejected(`${path} cannot be read as JSON: ${whyNot(text)}`);
  if (reading.flaws.length > 0)
    throw rejected(`${path} would be read differently by other readers:${issueLines(reading.flaws.map(issueOfFlaw))}`);
  return { text, value: reading.value };
}

function whyNot(text: string): string {
  try {
    JSON.parse(text);
    return 'it is not valid';
  } catch (error) {
    return (error as Error).message;
  }
}
