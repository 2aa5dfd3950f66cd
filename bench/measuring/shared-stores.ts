import { installedPrograms, startProgram } from '../../test/services/postgres-program.js';
import { openDatabase } from '#database';

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
