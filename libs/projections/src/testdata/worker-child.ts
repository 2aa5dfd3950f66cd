/**
 * A projection worker in a process of its own, until it is killed. Arguments: the address of the database, and the file of the log. It
 * prints READY, and starts when it receives the clock on a line, as `racingClock` parses it.
 */
import { once } from 'node:events';
import { openSqliteLog } from '#event-log';
import { Projector } from '../processor/projector.js';
import { openDatabase } from '#database';
import { racingClock } from './racing-clock.js';

const [url = '', file = ''] = process.argv.slice(2);
const line = once(process.stdin, 'data') as Promise<[Buffer]>;
process.stdout.write('READY\n');
const clock = racingClock((await line)[0].toString().trim());
const database = await openDatabase({ kind: 'postgres', url });
const log = await openSqliteLog({ file, clock, writing: 'here' });
const projector = await Projector.open({ database, log, clock, role: 'workers', foldBatchSize: 5 });
projector.start();
process.on('SIGTERM', () => {
  void projector.stop().then(async () => {
    await database.close();
    process.exit(0);
  });
});
