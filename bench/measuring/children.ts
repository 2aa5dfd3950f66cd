import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const FROM_SOURCE = import.meta.url.endsWith('.ts');
const ROOT = resolve(fileURLToPath(import.meta.url), FROM_SOURCE ? '../../..' : '../../../..');
/** As `npm start` starts the engine. */
const AS_STARTED = ['--max-semi-space-size=64'];
const SOURCE_ARGUMENTS = ['--conditions=source', '--import', '#from-source'];

/** Where a program of ours lies, from source or compiled, as this one is: `apps/standalone/src/main`. */
export const programFile = (name: string): string => resolve(ROOT, FROM_SOURCE ? `${name}.ts` : `dist/${name}.js`);

/**
 * Starts a program in a process of its own, connected by messages. BENCH_PROFILE names a program (its last word) that is
 * started with `--cpu-prof`; the profile goes to BENCH_PROFILE_DIR.
 */
export function startProgram(name: string, env: Readonly<Record<string, string>> = {}): ChildProcess {
  const { BENCH_PROFILE, BENCH_PROFILE_DIR = '.' } = process.env;
  const profiled = BENCH_PROFILE !== undefined && name.endsWith(BENCH_PROFILE);
  return fork(programFile(name), [], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    execArgv: [
      ...(FROM_SOURCE ? SOURCE_ARGUMENTS : []),
      ...AS_STARTED,
      ...(profiled ? ['--cpu-prof', `--cpu-prof-dir=${BENCH_PROFILE_DIR}`] : []),
    ],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** Sends a request to a child and waits for its answer. A child that ends instead fails the call. */
export async function requestFrom<Answer>(child: ChildProcess, message: unknown): Promise<Answer> {
  const answer = nextMessage<Answer>(child);
  child.send(message as object);
  return answer;
}

/** The next message of a child. */
export async function nextMessage<Message>(child: ChildProcess): Promise<Message> {
  const abort = new AbortController();
  try {
    return (await Promise.race([
      once(child, 'message', { signal: abort.signal }).then(([message]) => message as Message),
      once(child, 'exit', { signal: abort.signal }).then(([code]) => {
        throw new Error(`A process of the benchmark ended with ${String(code)}.`);
      }),
    ])) as Message;
  } finally {
    abort.abort();
  }
}

/** Asks a child to end, and waits until it has. */
export async function stopProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
