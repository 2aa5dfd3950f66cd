import type { DocumentFile } from '#platform';
import { rejected } from './exit-codes.js';
import { issueLines } from './terminal/issue-lines.js';

/** A fixed event may be as large as a body that is sent. */
const BYTES_MAX = 16 * 1024 * 1024;

/**
 * Reads a document that an operator gives: JSON, or YAML with comments.
 * @throws CliError where the file cannot be read so, with every issue
 */
export async function readDocument(path: string): Promise<DocumentFile> {
  const { DocumentFileError, readDocumentFile } = await import('#platform');
  try {
    return readDocumentFile(path, BYTES_MAX);
  } catch (error) {
    if (!(error instanceof DocumentFileError)) throw error;
    if (error.issues.length > 0)
      throw rejected(`${path} would be read differently by other readers:${issueLines(error.issues)}`);
    throw rejected(`${path} ${error.detail}: ${error.hint}.`);
  }
}
