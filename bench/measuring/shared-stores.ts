import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installedPrograms, startProgram } from '../../test/services/postgres-program.js';
import { openDatabase } from '#projections';

/** A server that processes share. */
export interface SharedStore {
  readonly url: string;
  stop(): Promise<void>;
}

/** The newest PostgreSQL that is installed here, as npm brings it, once it answers; null where there is none. */
export async function startPostgres(): Promise<SharedStore | null> {
  const [program] = (await installedPrograms()).sort((x, y) => y.major - x.major);
  if (program === undefined) return null;
  const { url, remove } = await startProgram(program);
  for (let attempt = 1; ; attempt += 1)
    try {
      await (await openDatabase({ kind: 'postgres', url })).close();
      return { url, stop: remove };
    } catch (error) {
      if (attempt === 300) throw error;
      await new Promise((wake) => setTimeout(wake, 100));
    }
}

const ROOT = resolve(fileURLToPath(import.meta.url), import.meta.url.endsWith('.ts') ? '../../..' : '../../../..');

/** What stands in for an EventStoreDB in the suites, in a process of its own, from source. */
export async function startStandIn(): Promise<SharedStore> {
  const child = fork(resolve(ROOT, 'test/services/eventstore/child.ts'), {
    execArgv: ['--conditions=source', '--import', '#from-source'],
    env: { ...process.env, NODE_OPTIONS: '' },
    cwd: ROOT,
  });
  const [url] = (await once(child, 'message')) as [string];
  return {
    url,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}
