import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CONTROL_TABLES, LIVE_TABLES } from '#projections/schema';

const root = resolve(import.meta.dirname, '..');
/** Where SQL text names the read models' tables without importing them. */
const READERS = ['libs/queries/src', 'libs/feeds/src', 'libs/ingestion/src', 'libs/privacy/src', 'apps'];

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== 'testdata' && entry.name !== 'node_modules') yield* sources(path);
    } else if (/\.ts$/.test(entry.name) && !/\.spec\.ts$/.test(entry.name)) yield path;
  }
}

/** The tables that a source names in SQL and that `schema.ts` does not. */
function strangeTables(text: string): string[] {
  const control = [
    ...text.matchAll(/\b(?:FROM|JOIN|INTO|UPDATE|TABLE|USING|nextval\(')\s*perennial\.([a-z_]+)\b/g),
  ].map(([, name = '']) => name);
  const live = [...text.matchAll(/\$\{(?:live|schema)\}\.([a-z_]+)\b/g)].map(([, name = '']) => name);
  return [
    ...control.filter((name) => !CONTROL_TABLES.includes(name)).map((name) => `perennial.${name}`),
    ...live.filter((name) => !LIVE_TABLES.includes(name)),
  ];
}

describe('the SQL of queries, feeds, ingestion, privacy and the apps', () => {
  it('names only the tables of the read models that #projections/schema names', () => {
    const hits = READERS.flatMap((folder) => [...sources(join(root, folder))]).flatMap((file) =>
      strangeTables(readFileSync(file, 'utf8')).map((table) => `${relative(root, file)}: ${table}`),
    );
    expect(hits).toEqual([]);
  });

  it('is caught when it reads the versions, or a table that only the engine needs', () => {
    expect(strangeTables("SELECT schema_name FROM perennial.versions WHERE status = 'live'")).toEqual([
      'perennial.versions',
    ]);
    expect(strangeTables('SELECT state FROM ${live}.states JOIN ${live}.customers USING (customer_id)')).toEqual([
      'states',
    ]);
  });
});
