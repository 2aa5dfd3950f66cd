import { join } from 'node:path';
import { openSqliteLog } from '../sqlite-log.js';
import { Samples } from '../../../conformance/fixture.js';

/**
 * A process that appends without end, three batches at a time, and says each id on its standard output as soon as the
 * log has acknowledged it: to be killed at any moment.
 */
const [folder = '.'] = process.argv.slice(2);
const log = await openSqliteLog({ file: join(folder, 'log.db') });
const samples = new Samples();
const source = 'child';

async function appendForEver(): Promise<void> {
  for (;;) {
    const items = samples.items(5).map(({ stream, event }) => ({ stream, event: { ...event, source } }));
    const verdicts = await log.appendMany(items);
    if (verdicts.some(({ status }) => status !== 'accepted')) throw new Error(JSON.stringify(verdicts));
    process.stdout.write(items.map(({ event }) => `${event.id}\n`).join(''));
  }
}
await Promise.all([appendForEver(), appendForEver(), appendForEver()]);
