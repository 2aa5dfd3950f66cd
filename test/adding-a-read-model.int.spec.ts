import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DocumentRun } from './document.js';

const document = new DocumentRun('docs/adding-a-read-model.md');

describe('docs/adding-a-read-model.md', () => {
  beforeAll(() =>
    document.copy(['libs', 'test/services'], {
      name: 'win-backs',
      tsconfig: {
        include: ['libs/projections/src/read-models/win-backs/**/*.ts', 'libs/contracts/src/single-modules.d.ts'],
      },
    }),
  );
  afterAll(() => document.remove());

  it('adds a read model, and its spec and the projector’s pass', () => {
    const output = document.blocks.map((block) => document.apply(block)).join('\n');
    expect(output).toContain('PASS int libs/projections/src/read-models/win-backs/win-backs.int.spec.ts');
    expect(output).toContain('PASS int libs/projections/src/processor/projector.int.spec.ts');
    // It compiles without an error.
    document.run('node_modules/.bin/tsc --noEmit --incremental false -p tsconfig.win-backs.json');
  }, 600_000);

  it('would fail if it were not registered', () => {
    const file = join(document.project, 'libs/projections/src/read-models/registry.ts');
    writeFileSync(file, readFileSync(file, 'utf8').replace('  WON_BACK,\n', ''));
    expect(() =>
      document.run('npm run jest -- libs/projections/src/read-models/win-backs --selectProjects int'),
    ).toThrow('win_backs');
  }, 300_000);
});
