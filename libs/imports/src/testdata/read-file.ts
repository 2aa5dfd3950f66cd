import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { ImportItem, InvalidRow, TouchpointInput } from '../import-item.js';
import type { ImportReader, ReadReport } from '../import-reader.js';

export interface ReadFile {
  readonly touchpoints: readonly TouchpointInput[];
  readonly invalid: readonly InvalidRow[];
  readonly report: ReadReport;
}

/** Reads a whole file by a reader, for specs. */
export async function readWhole(path: string, reader: ImportReader): Promise<ReadFile> {
  const report: ReadReport = { lines: 0, notices: new Map() };
  const items: ImportItem[] = [];
  for await (const page of reader.read({ path, name: basename(path) }, report)) items.push(...page);
  return {
    touchpoints: items.flatMap((item) => (item.kind === 'touchpoint' ? [item.touchpoint] : [])),
    invalid: items.flatMap((item) => (item.kind === 'invalid' ? [item.invalid] : [])),
    report,
  };
}

/** Reads this content as if it were a file of that name. */
export async function readText(
  content: string | Uint8Array,
  reader: ImportReader,
  name = 'rows.csv',
): Promise<ReadFile> {
  return withFile(content, (path) => readWhole(path, reader), name);
}

export async function withFile<T>(
  content: string | Uint8Array,
  use: (path: string) => Promise<T>,
  name = 'rows.csv',
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-import-'));
  try {
    const path = join(folder, name);
    writeFileSync(path, content);
    return await use(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
