import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '..');
const { projects } = JSON.parse(readFileSync(join(root, 'nest-cli.json'), 'utf8')) as {
  projects: Readonly<
    Record<string, { readonly type: string; readonly sourceRoot: string; readonly entryFile: string }>
  >;
};

describe('nest-cli.json', () => {
  it('knows every app and every lib, and where its source is', () => {
    const expected = ['apps', 'libs'].flatMap((kind) => readdirSync(join(root, kind)).map((name) => [name, kind]));
    expect(Object.keys(projects).sort()).toEqual(expected.map(([name]) => name).sort());
    for (const [name = '', kind = ''] of expected) {
      expect(projects[name]).toMatchObject({
        type: kind === 'apps' ? 'application' : 'library',
        sourceRoot: `${kind}/${name}/src`,
      });
      expect(existsSync(join(root, kind, name, 'src', `${projects[name]?.entryFile}.ts`))).toBe(true);
    }
  });
});

describe('nest generate', () => {
  let copy: string;
  const text = (path: string): string => readFileSync(join(copy, path), 'utf8');
  const settings = ['package.json', 'tsconfig.json', 'tsconfig.build.json'];

  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'perennial-generate-'));
    for (const entry of ['nest-cli.json', ...settings]) cpSync(join(root, entry), join(copy, entry));
    mkdirSync(join(copy, 'libs/queries/src'), { recursive: true });
    cpSync(join(root, 'libs/queries/src/queries.module.ts'), join(copy, 'libs/queries/src/queries.module.ts'));
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it.each([
    ['service', 'FooService'],
    ['controller', 'FooController'],
    ['module', 'FooModule'],
  ])('puts a %s into the lib, imports it as the lib does, and adds no convention of its own', (kind, name) => {
    const nest = join(root, 'node_modules/@nestjs/cli/bin/nest.js');
    const run = spawnSync(process.execPath, [nest, 'generate', kind, 'foo', '--project', 'queries'], {
      cwd: copy,
      encoding: 'utf8',
    });
    expect(run.status).toBe(0);
    expect(text(`libs/queries/src/foo/foo.${kind}.ts`)).toContain(`export class ${name} {}`);
    expect(text('libs/queries/src/queries.module.ts')).toContain(`import { ${name} } from './foo/foo.${kind}.js';`);
    expect(readdirSync(join(copy, 'libs/queries/src/foo')).filter((file) => file.includes('spec'))).toEqual([]);
    for (const entry of settings) expect(text(entry)).toBe(readFileSync(join(root, entry), 'utf8'));
  });
});
