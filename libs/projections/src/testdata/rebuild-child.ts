/**
 * A process that rebuilds the read models of a folder, which a spec kills. The argument `fill` creates the folder first; a third argument
 * limits how many bytes of the log it holds in memory, and with `far` as the fourth its streams cost a round trip. It prints each step on a line of its own, and the digest at the end.
 */
import { join } from 'node:path';
import { openSqliteLog } from '#event-log';
import { Projector } from '../processor/projector.js';
import { openDatabase } from '#database';
import { farLog } from './far-log.js';
import { day, appendAll } from './touchpoints.js';
import { world } from './world.js';

const [mode, folder = '', held = '', far = ''] = process.argv.slice(2);
const clock = { now: () => day(520) };
const print = (fact: Record<string, unknown>) => process.stdout.write(`${JSON.stringify(fact)}\n`);

const log = await openSqliteLog({ file: join(folder, 'log.db'), clock });
if (mode === 'fill') await appendAll(log, world(11, 400, 6), 1_000);
const database = await openDatabase({ kind: 'pglite', folder: join(folder, 'readmodels') });
const projector = await Projector.open({
  ...{ database, clock, foldBatchSize: 20, temporaryFolder: folder },
  log: far === 'far' ? farLog(log) : log,
});
if (mode === 'fill') await projector.catchUp();
else
  await projector.rebuild({
    ...(held === '' ? {} : { heldBytesMax: Number(held) }),
    onProgress: ({ phase, done, total }) => print({ phase, done, total }),
  });
const { version } = await projector.status();
const { models, overall } = await projector.digest();
const [published] = await database.query('SELECT count(*) AS n FROM perennial.published');
print({ version, overall, customers: models['customers']?.rows, published: published?.['n'] });
await database.close();
await log.close();
