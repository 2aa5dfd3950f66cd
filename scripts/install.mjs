import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MINIMUM = [20, 19];

/**
 * Makes a bare clone runnable: installs what package-lock.json names when it has changed since the last time.
 * NODE_ENV and npm's omit are stripped, since a production setting would leave the compiler out.
 */
export function ensureInstalled(root) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < MINIMUM[0] || (major === MINIMUM[0] && minor < MINIMUM[1])) {
    console.error(`Perennial needs Node ${MINIMUM.join('.')} or newer; this is ${process.versions.node}.`);
    process.exit(1);
  }
  const stamp = join(root, 'node_modules/.perennial-lock');
  const hash = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  if (isInstalled(root)) return void writeFileSync(stamp, hash);
  console.error('Installing dependencies (npm ci, about half a minute)…');
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } =
    npm === undefined
      ? spawnSync('npm', args, { cwd: root, env: cleanEnvironment(), stdio: ['ignore', 2, 2] })
      : spawnSync(process.execPath, [npm, ...args], { cwd: root, env: cleanEnvironment(), stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    console.error('npm ci failed: see above. Is the package registry reachable?');
    process.exit(1);
  }
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(stamp, hash);
}

/**
 * Whether npm itself installed what package-lock.json names: it notes what is there in node_modules/.package-lock.json. A package that is only
 * for other platforms may be missing; any other that is missing or has another version is not installed.
 */
export function isInstalled(root) {
  const noted = packagesIn(join(root, 'node_modules/.package-lock.json'));
  const wanted = packagesIn(join(root, 'package-lock.json'));
  if (noted === null || wanted === null) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true;
    const found = noted[path];
    if (found === undefined) return optional === true;
    return found.version === version && found.integrity === integrity;
  });
}

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? null;
  } catch {
    return null;
  }
}

/** The environment less what would make npm leave out development dependencies. */
export function cleanEnvironment() {
  const env = { ...process.env };
  delete env.NODE_ENV;
  for (const key of Object.keys(env)) if (/^npm_config_(omit|production|include)$/i.test(key)) delete env[key];
  return env;
}

/** What decides how the sources are compiled, beside themselves. */
const SETTINGS = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs'];

/**
 * Whether dist/ is missing or older than what it is made of. A package without sources has nothing to compile, and
 * PERENNIAL_BUILD=off trusts what is there.
 */
export function isStale(root) {
  const built = join(root, 'dist/.built');
  if (!existsSync(built)) return true;
  if (process.env.PERENNIAL_BUILD === 'off') return false;
  const builtAt = statSync(built).mtimeMs;
  const folders = ['apps', 'libs', 'bench'].map((name) => join(root, name)).filter((folder) => existsSync(folder));
  const settings = SETTINGS.map((name) => join(root, name)).filter((file) => existsSync(file));
  return folders.some((folder) => newestSource(folder) > builtAt) || settings.some((file) => changedAt(file) > builtAt);
}

const changedAt = (file) => statSync(file).mtimeMs;

/** The newest change among the sources that are compiled, in milliseconds. */
function newestSource(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) newest = Math.max(newest, newestSource(path));
    else if (/\.(ts|sql)$/.test(entry.name) && !entry.name.endsWith('.spec.ts'))
      newest = Math.max(newest, changedAt(path));
  }
  return newest;
}

/** Compiles to dist/, where that is stale. */
export function build(root) {
  if (!isStale(root)) return;
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) {
    console.error('The build failed: see above.');
    process.exit(1);
  }
}
