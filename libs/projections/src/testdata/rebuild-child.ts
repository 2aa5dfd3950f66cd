/**
 * A process of its own that rebuilds the read models of a folder, and may be killed at it. `fill` makes the folder first. A third
 * word says how many bytes of the log it may hold in memory.
 * It tells each step on a line of its own, and the digest at the end.
 */
import { join } from 'node:path';
import { openSqliteLog } from '#event-log';
import { Projector } from '../processor/projector.js';
import { openDatabase } from '#database';
import { day, tell } from './touchpoints.js';
import { world } from './world.js';

const [mode, folder = '', held = ''] = process.argv.slice(2);
const clock = { now: () => day(520) };
const say = (fact: Record<string, unknown>) => process.stdout.write(`${JSON.stringify(fact)}\n`);

const log = await openSqliteLog({ file: join(folder, 'log.db'), clock });
if (mode === 'fill') await tell(log, world(11, 400, 6), 1_000);
const database = await openDatabase({ kind: 'pglite', folder: join(folder, 'readmodels') });
const projector = await Projector.open({ database, log, clock, foldBatchSize: 20 });
if (mode === 'fill') await projector.catchUp();
else
  await projector.rebuild({
    ...(held === '' ? {} : { heldBytesMax: Number(held) }),
    onProgress: ({ phase, done, total }) => say({ phase, done, total }),
  });
const { version } = await projector.status();
const { models, overall } = await projector.digest();
const [said] = await database.query('SELECT count(*) AS n FROM perennial.published');
say({ version, overall, customers: models['customers']?.rows, said: said?.['n'] });
await database.close();
await log.close();
