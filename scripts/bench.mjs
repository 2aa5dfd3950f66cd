// `npm run bench -- NAME [options]`: runs bench/NAME, compiled. Without a name, says which there are.
// PERENNIAL_BUILD=off trusts what is in dist/.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, ensureInstalled } from './install.mjs';

const root = resolve(import.meta.dirname, '..');
const names = readdirSync(join(root, 'bench'))
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
  .map((name) => name.slice(0, -3));
const [name, ...options] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  console.error(`npm run bench -- NAME [options]; the names: ${names.join(', ')}`);
  process.exit(2);
}
ensureInstalled(root);
const program = join(root, `dist/bench/${name}.js`);
if (process.env.PERENNIAL_BUILD !== 'off' || !existsSync(program)) build(root);
const { status, signal } = spawnSync(process.execPath, ['--enable-source-maps', program, ...options], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(signal === null ? (status ?? 1) : 1);
