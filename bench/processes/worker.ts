import { openSqliteLog } from '#event-log';
import { SYSTEM_CLOCK } from '#platform';
import { openDatabase } from '#database';
import { Projector } from '#projections';
import { usageNow } from '../measuring/usage.js';

/** A projector that only folds. Starts with the message `go`; any other message is answered with the usage so far. */
const database = await openDatabase({ kind: 'postgres', url: process.env['POSTGRES_URL'] ?? '' });
const log = await openSqliteLog({ file: process.env['LOG_FILE'] ?? '', writing: 'here' });
const projector = await Projector.open({ database, log, clock: SYSTEM_CLOCK, role: 'workers' });
process.on('message', (message) => {
  if (message === 'go') projector.start();
  else process.send?.(usageNow());
});
process.once('SIGTERM', () => process.exit(0));
process.send?.('ready');
