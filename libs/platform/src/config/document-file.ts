import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';

/** A document is written by a person: a larger file is another one. */
const BYTES_MAX = 1024 * 1024;

/** Why a file does not hold a document, and how to fix it. */
export class DocumentFileError extends Error {
  constructor(
    /** What is wrong with it, after the name of the file: `cannot be read: …`. */
    readonly detail: string,
    readonly hint: string,
  ) {
    super(`${detail}: ${hint}`);
    this.name = 'DocumentFileError';
  }
}

/**
 * Reads a file that a person wrote: JSON, or YAML 1.2, of which JSON is a part. YAML may hold comments.
 * @throws DocumentFileError
 */
export function readDocumentFile(path: string): unknown {
  return parseDocumentText(contentOf(path));
}

/** Parses a document. A key that stands twice, an unknown tag and anything else that would be guessed at is an error. @throws DocumentFileError */
export function parseDocumentText(text: string): unknown {
  const document = parseDocument(text, { schema: 'core', uniqueKeys: true });
  const [issue] = [...document.errors, ...document.warnings];
  if (issue !== undefined) {
    const detail = issue.message.split('\n')[0]?.replace(/:$/, '') ?? '';
    const hint = /^\s*\{[\s\S]*\/[/*]/.test(text)
      ? 'fix the file; a comment begins with #, not with //'
      : 'fix the file there';
    throw new DocumentFileError(`is not JSON or YAML (${detail})`, hint);
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new DocumentFileError(
      `cannot be unfolded (${(error as Error).message})`,
      'write out what its aliases stand for',
    );
  }
  if (value === null || value === undefined)
    throw new DocumentFileError('holds no document', 'write one, in JSON or YAML');
  return value;
}

function contentOf(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new DocumentFileError(reasonOf(error as NodeJS.ErrnoException), 'give the path of a file that can be read');
  }
  if (bytes.length > BYTES_MAX)
    throw new DocumentFileError(`has ${bytes.length} bytes, and at most ${BYTES_MAX} are read`, 'give the right file');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new DocumentFileError('is not UTF-8', 'save it as UTF-8');
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EISDIR') return 'is a folder';
  return `cannot be read (${message})`;
}
