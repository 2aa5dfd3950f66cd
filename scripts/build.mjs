// Compiles apps, libs and bench to dist/, and copies what is not TypeScript (SQL migrations) beside the compiled files.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

function* assets(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* assets(path);
    else if (/\.(sql)$/.test(entry.name)) yield path;
  }
}
for (const lib of ['libs', 'apps'])
  for (const asset of assets(join(root, lib))) {
    const target = join(root, 'dist', asset.slice(root.length + 1));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(asset, target);
  }
writeFileSync(join(root, 'dist/.built'), new Date().toISOString());
