import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '..');

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

/** Each planted file with its violation, and the rule that must report it. */
const planted = [
  {
    rule: 'contracts-imports-only-its-row',
    file: 'libs/contracts/src/planted.ts',
    text: "import * as other from '#lifecycle';\nexport const planted = other;\n",
  },
  {
    rule: 'lifecycle-imports-only-its-row',
    file: 'libs/lifecycle/src/planted.ts',
    text: "import type { EventLog } from '#event-log';\nexport type Planted = EventLog;\n",
  },
  {
    rule: 'platform-imports-only-its-row',
    file: 'libs/platform/src/planted.ts',
    text: "import { ApiKeys } from '#keys';\nexport const planted = ApiKeys;\n",
  },
  {
    rule: 'queries-takes-only-types-from-projections',
    file: 'libs/queries/src/planted.ts',
    text: "import * as values from '#projections';\nexport const planted = values;\n",
  },
  {
    rule: 'feeds-takes-only-types-from-projections',
    file: 'libs/feeds/src/planted.ts',
    text: "import * as values from '#projections';\nexport const planted = values;\n",
  },
  {
    rule: 'privacy-imports-only-its-row',
    file: 'libs/privacy/src/planted.ts',
    text: "import type { Digest } from '#projections';\nexport type Planted = Digest;\n",
  },
  {
    rule: 'keys-imports-only-its-row',
    file: 'libs/keys/src/planted-schema.ts',
    text: "import { liveSchema } from '#projections/schema';\nexport const planted = liveSchema;\n",
  },
  {
    rule: 'projections-is-entered-by-its-index',
    file: 'libs/queries/src/planted-table.ts',
    text: "import { CUSTOMERS } from '../../projections/src/read-models/customers/table.js';\nexport const planted = CUSTOMERS;\n",
  },
  {
    rule: 'event-log-is-entered-by-its-index',
    file: 'libs/ingestion/src/planted.ts',
    text: "import type { EventLog } from '../../event-log/src/port.js';\nexport type Planted = EventLog;\n",
  },
  {
    rule: 'an-index-knows-no-nest',
    file: 'libs/testing/src/index.ts',
    text: "export { Module } from '@nestjs/common';\n",
  },
  {
    rule: 'the-core-is-pure',
    file: 'libs/lifecycle/src/planted-clock.ts',
    text: "import { hostname } from 'node:os';\nexport const planted = hostname();\n",
  },
  {
    rule: 'apps-are-leaves',
    file: 'libs/ingestion/src/planted-app.ts',
    text: "import * as app from '../../../apps/standalone/src/planted.js';\nexport const planted = app;\n",
  },
  {
    rule: 'testing-is-for-specs',
    file: 'libs/ingestion/src/planted-fake.ts',
    text: "import * as fakes from '#testing';\nexport const planted = fakes;\n",
  },
] as const;

describe('the import table', () => {
  let copy: string;
  let violations: Violation[];

  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'perennial-boundaries-'));
    for (const entry of ['package.json', 'tsconfig.json', '.dependency-cruiser.mjs', 'libs', 'apps', 'test'])
      cpSync(join(root, entry), join(copy, entry), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    writeFileSync(join(copy, 'apps/standalone/src/planted.ts'), 'export const planted = 1;\n');
    for (const { file, text } of planted) writeFileSync(join(copy, file), text);
    const args = ['--config', '.dependency-cruiser.mjs', '--output-type', 'json', 'apps', 'libs'];
    const run = spawnSync(join(copy, 'node_modules/.bin/depcruise'), args, {
      cwd: copy,
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
    });
    violations = (JSON.parse(run.stdout) as { summary: { violations: Violation[] } }).summary.violations;
  }, 120_000);

  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it.each(planted)('reports $file by $rule', ({ rule, file }) => {
    expect(violations.filter((violation) => violation.from === file).map((violation) => violation.rule.name)).toContain(
      rule,
    );
  });

  it('reports no file that conforms to the table', () => {
    const files = new Set<string>(planted.map(({ file }) => file));
    expect(violations.filter((violation) => !files.has(violation.from))).toEqual([]);
  });
});
