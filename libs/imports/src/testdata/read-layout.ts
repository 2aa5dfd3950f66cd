import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { ImportItem, ImportLayout, ImportNotes, TouchpointDraft, InvalidRow } from '../draft.js';

export interface ReadFile {
  readonly drafts: readonly TouchpointDraft[];
  readonly invalid: readonly InvalidRow[];
  readonly notes: ImportNotes;
}

/** Reads a whole file by a layout, for specs. */
export async function readFile(path: string, layout: ImportLayout): Promise<ReadFile> {
  const notes: ImportNotes = { lines: 0, remarks: new Map() };
  const items: ImportItem[] = [];
  for await (const page of layout.read({ path, name: basename(path) }, notes)) items.push(...page);
  return {
    drafts: items.flatMap((item) => (item.kind === 'touchpoint' ? [item.draft] : [])),
    invalid: items.flatMap((item) => (item.kind === 'invalid' ? [item.invalid] : [])),
    notes,
  };
}

/** Reads this content as if it were a file of that name. */
export async function readText(
  content: string | Uint8Array,
  layout: ImportLayout,
  name = 'rows.csv',
): Promise<ReadFile> {
  return withFile(content, (path) => readFile(path, layout), name);
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
