import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const ROOT = resolve(import.meta.dirname, '..');
const SAID =
  '[ERROR] Failed to execute goal on project p: Could not transfer artifact org.example:p:pom:1 from/to central ' +
  '(http://127.0.0.1:9/): Connect to 127.0.0.1:9 failed: Connection refused';

describe('where Java and Maven are installed, and Maven reaches no registry', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'perennial-maven-'));
    for (const [name, script] of [
      ['java', 'exit 0'],
      ['mvn', `echo "$*" >> "${join(folder, 'calls')}"\necho '${SAID}'\nexit 1`],
    ] as const) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(folder, name), 0o755);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['kafka-program', 'missingJars', 'mvn cannot fetch the jars: Could not transfer artifact'],
    ['keycloak', 'missingKeycloak', 'no Keycloak: it cannot be fetched: Could not transfer artifact'],
  ])('the suites that need %s get the reason for which they do not run', (file, name, reason) => {
    const cache = mkdtempSync(join(folder, 'cache-'));
    const program = `import { ${name} } from './test/services/${file}.ts'; console.log(JSON.stringify(await ${name}()));`;
    const { stdout, status } = spawnSync(
      process.execPath,
      ['--conditions=source', '--import', '#from-source', '--input-type=module', '--eval', program],
      {
        cwd: ROOT,
        encoding: 'utf8',
        env: {
          ...process.env,
          NODE_OPTIONS: '',
          PATH: `${folder}:${process.env['PATH']}`,
          PERENNIAL_TEST_CACHE: cache,
        },
      },
    );
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toContain(reason);
    // What was begun is not taken for what was fetched.
    expect(readdirSync(cache, { recursive: true }).filter((one) => String(one).endsWith('.jar'))).toEqual([]);
  });
});
