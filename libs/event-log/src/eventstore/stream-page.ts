import { END, type BACKWARDS, type FORWARDS, type ResolvedEvent } from '@eventstore/db-client';
import { drained } from './call.js';
import type { Connection } from './connection.js';
import { failureOf } from './failures.js';

export interface StreamPart {
  /** A revision, or the end of the stream. */
  readonly from: bigint | number | typeof END;
  readonly maxCount: number;
  readonly direction: typeof FORWARDS | typeof BACKWARDS;
}

/** Events of one stream, by its name on the server. A missing stream is empty; so is one that was deleted on the server. */
export async function streamPage(
  connection: Connection,
  stream: string,
  { from, maxCount, direction }: StreamPart,
): Promise<ResolvedEvent[]> {
  const fromRevision = from === END ? END : BigInt(from);
  const options = { fromRevision, direction, maxCount, requiresLeader: true } as const;
  try {
    return await connection.reading((client, call) => drained(client.readStream(stream, options), call));
  } catch (error) {
    const { kind } = failureOf(error);
    if (kind === 'missing-stream' || kind === 'deleted-stream') return [];
    throw error;
  }
}
