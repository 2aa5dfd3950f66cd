// Compiles apps, libs and bench to dist/, and copies what is not TypeScript (SQL migrations) beside the compiled files.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

const root = resolve(import.meta.dirname, '..');
const begun = new Date();
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
// An empty database, made once: to make one takes seconds, to unpack it a few tenths. Each version of PGlite has its own.
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.resolve('@electric-sql/pglite'))));
const empty = join(root, `dist/pglite-${version}.tar.gz`);
if (!existsSync(empty)) {
  const { PGlite } = await import('@electric-sql/pglite');
  const database = await PGlite.create();
  const tar = await database.dumpDataDir('none');
  await database.close();
  writeFileSync(empty, gzipSync(new Uint8Array(await tar.arrayBuffer()), { level: 6 }));
}

// What the command line shows of the libraries, so that its help does not load them.
await import('../dist/apps/cli/src/catalogue/write-catalogue.js');

// What changed while this ran may not be in it.
const built = join(root, 'dist/.built');
writeFileSync(built, begun.toISOString());
utimesSync(built, begun, begun);
