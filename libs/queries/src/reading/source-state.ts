import { foldSources, NO_SOURCES, STREAMS } from '#contracts';
import type { QueryContext } from '../running/query.js';

/** The names of the sources that send nothing by intention: paused or retired. */
export async function restingSources(log: QueryContext['log']): Promise<ReadonlySet<string>> {
  let sources = NO_SOURCES;
  for await (const page of log.read(STREAMS.sources)) sources = foldSources(sources, page);
  return new Set([...sources].filter(([, { status }]) => status !== 'active').map(([name]) => name));
}
