/**
 * The thread in which PGlite lives: it stalls its event loop while it works, so it gets one of its own.
 * Requests are answered in the order in which they come; who may ask when is decided on the other side.
 */
import { PGlite } from '@electric-sql/pglite';
import { parentPort, workerData } from 'node:worker_threads';
import { PARSERS } from './values.js';

export type Request =
  | { readonly id: number; readonly op: 'query'; readonly sql: string; readonly params: readonly unknown[] }
  | { readonly id: number; readonly op: 'exec'; readonly sql: string }
  | { readonly id: number; readonly op: 'copy'; readonly sql: string; readonly text: string }
  | { readonly id: number; readonly op: 'close' };

export type Answer =
  | { readonly id: number; readonly rows: Record<string, unknown>[] }
  | { readonly id: number; readonly error: { readonly message: string; readonly code: string } };

const port = parentPort;
if (port === null) throw new Error('This file is the body of a worker thread.');

const { folder } = workerData as { folder: string | null };
const opened = PGlite.create({ ...(folder === null ? {} : { dataDir: folder }), parsers: { ...PARSERS } }).then(
  async (pg) => {
    // Plans are bought by the millisecond here: no just-in-time compiler, no other time zone than UTC.
    await pg.exec("SET TIME ZONE 'UTC'; SET jit = off;");
    return pg;
  },
);

async function answer(request: Request): Promise<Answer> {
  try {
    const pg = await opened;
    switch (request.op) {
      case 'query': {
        const result = await pg.query<Record<string, unknown>>(request.sql, [...request.params]);
        return { id: request.id, rows: result.rows };
      }
      case 'exec':
        await pg.exec(request.sql);
        return { id: request.id, rows: [] };
      case 'copy':
        await pg.query(request.sql, [], { blob: new Blob([request.text]) });
        return { id: request.id, rows: [] };
      case 'close':
        await pg.close();
        return { id: request.id, rows: [] };
    }
  } catch (error) {
    const { message, code } = error as { message?: string; code?: string };
    return { id: request.id, error: { message: message ?? String(error), code: code ?? '' } };
  }
}

port.on('message', (request: Request) => {
  void answer(request).then((sent) => {
    port.postMessage(sent);
  });
});
