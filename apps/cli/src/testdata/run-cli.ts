import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const ROOT = resolve(import.meta.dirname, '../../../..');
let compiled: Promise<Ran> | null = null;

/** Runs `perennial` as its users do, in a process of its own, on this data folder. What is compiled is made current first, once. */
export async function runCli(
  dataDir: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  compiled ??= run(['--version'], process.env);
  const { code, stderr } = await compiled;
  if (code !== 0) throw new Error(`perennial cannot be compiled: ${stderr}`);
  return run(args, { ...process.env, ...settings, DATA_DIR: dataDir, PERENNIAL_BUILD: 'off' });
}

function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  const child = spawn(process.execPath, [resolve(ROOT, 'scripts/perennial.mjs'), ...args], {
    cwd: ROOT,
    env: { ...env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', (code) => done({ code, stdout, stderr }));
  });
}
