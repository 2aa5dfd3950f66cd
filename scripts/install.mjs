import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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

/** The environment less what would make npm leave out development dependencies. */
export function cleanEnvironment() {
  const env = { ...process.env };
  delete env.NODE_ENV;
  for (const key of Object.keys(env)) if (/^npm_config_(omit|production|include)$/i.test(key)) delete env[key];
  return env;
}

/** Compiles to dist/ (incremental: a second call takes a second). */
export function build(root) {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) {
    console.error('The build failed: see above.');
    process.exit(1);
  }
}
