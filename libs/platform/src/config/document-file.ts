import { readFileSync } from 'node:fs';
import { isScalar, parseDocument, visit, type Document } from 'yaml';
import { issueOfFlaw, likelyEncoding, readJson, unicodeDocument, type ValidationIssue } from '#contracts';

/** A document is written by a person: a larger file is another one. */
const BYTES_MAX = 1024 * 1024;

/** Why a file does not hold a document, and how to fix it. */
export class DocumentFileError extends Error {
  constructor(
    /** What is wrong with it, after the name of the file: `cannot be read: …`. */
    readonly detail: string,
    readonly hint: string,
    /** Where it is wrong, in each place; empty where `detail` says it. */
    readonly issues: readonly ValidationIssue[] = [],
  ) {
    super(`${detail}: ${hint}`);
    this.name = 'DocumentFileError';
  }
}

/** A document that a person wrote, and its text. */
export interface DocumentFile {
  readonly text: string;
  readonly value: unknown;
}

/**
 * Reads a file that a person wrote: JSON, or YAML 1.2, of which JSON is a part. YAML may hold comments. No byte of it is replaced, no key stands twice, and
 * no number is rounded in silence.
 * @throws DocumentFileError
 */
export function readDocumentFile(path: string, bytesMax = BYTES_MAX): DocumentFile {
  const text = textOf(path, bytesMax);
  return { text, value: parseDocumentText(text) };
}

/** Parses a document. A key that stands twice, an unknown tag and anything else that would be guessed at is an error. @throws DocumentFileError */
export function parseDocumentText(text: string): unknown {
  const json = readJson(text);
  const value = json === null ? yamlValue(text) : json.value;
  if (json !== null && json.flaws.length > 0) throw readDifferently(json.flaws.map(issueOfFlaw));
  if (value === null || value === undefined)
    throw new DocumentFileError('holds no document', 'write one, in JSON or YAML');
  return value;
}

function yamlValue(text: string): unknown {
  const document = parseDocument(text, { schema: 'core', uniqueKeys: true });
  const [issue] = [...document.errors, ...document.warnings];
  if (issue !== undefined) {
    const detail = issue.message.split('\n')[0]?.replace(/:$/, '') ?? '';
    const hint = /^\s*\{[\s\S]*\/[/*]/.test(text)
      ? 'fix the file; a comment begins with #, not with //'
      : 'fix the file there';
    throw new DocumentFileError(`is not JSON or YAML (${detail})`, hint);
  }
  mustHoldItsNumbers(document);
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new DocumentFileError(
      `cannot be unfolded (${(error as Error).message})`,
      'write out what its aliases stand for',
    );
  }
}

/** Numbers of YAML are judged like those of JSON, where they are written as JSON writes them. */
function mustHoldItsNumbers(document: Document): void {
  visit(document, {
    Scalar(_, scalar) {
      if (!isScalar(scalar) || typeof scalar.value !== 'number' || scalar.source === undefined) return;
      const flaws = readJson(scalar.source)?.flaws ?? [];
      if (flaws.length === 0) return;
      const shown = scalar.source.length > 40 ? `${scalar.source.slice(0, 40)}…` : scalar.source;
      throw new DocumentFileError(
        `would be read differently by other readers (${shown} has more digits than a number can hold)`,
        'write the number in quotes, as text',
      );
    },
  });
}

const readDifferently = (issues: readonly ValidationIssue[]): DocumentFileError =>
  new DocumentFileError(
    `would be read differently by other readers (${issues.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ')})`,
    issues[0]?.hint ?? 'fix the file there',
    issues,
  );

function textOf(path: string, bytesMax: number): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new DocumentFileError(reasonOf(error as NodeJS.ErrnoException), 'give the path of a file that can be read');
  }
  if (bytes.length > bytesMax)
    throw new DocumentFileError(`has ${bytes.length} bytes, and at most ${bytesMax} are read`, 'give the right file');
  const decoded = unicodeDocument(bytes);
  if (decoded === null)
    throw new DocumentFileError(`is not UTF-8; it looks like ${likelyEncoding(bytes)}`, 'save it as UTF-8');
  return decoded.text;
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EISDIR') return 'is a folder';
  return `cannot be read (${message})`;
}
