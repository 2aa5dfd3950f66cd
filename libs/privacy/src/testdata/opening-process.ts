import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteLog, type EventLog } from '#event-log';
import { openSqliteKeyStore, Sealer } from '#keys';
import { LOCAL_PRINCIPAL } from '#platform';
import { RecordedOpenings } from '../openings/recorded-openings.js';

/** Where the process kills itself, as kill -9 would. */
export type Step = 'before-append' | 'in-append' | 'after-append' | 'before-answer' | 'after-answer' | 'none';

/** A process of its own that opens one subject's data as an answer does, and writes the clear text to its standard output. */
const [, , folder = '', fault = 'none', subjectId = ''] = process.argv as [string, string, string, Step, string];
const dieAt = (here: Step): void => {
  if (fault === here) process.kill(process.pid, 'SIGKILL');
};
const clock = { now: () => Date.now() };
const log = await openSqliteLog({ file: join(folder, 'log.db'), clock });
const keys = openSqliteKeyStore({ file: join(folder, 'keys.db') });
const append: EventLog['append'] = async (...given) => {
  dieAt('before-append');
  const appended = log.append(...given);
  dieAt('in-append');
  const verdicts = await appended;
  dieAt('after-append');
  return verdicts;
};
const openings = new RecordedOpenings({ log: { append, read: log.read.bind(log) }, sealer: new Sealer(keys), clock });
const request = {
  ...{ principal: LOCAL_PRINCIPAL, purpose: 'legal', ticket: null, reason: 'a trial', kind: 'view' as const },
  ...{ requestId: 'r-1', query: 'customer', parameters: {}, columns: ['identifiers'] },
};
await openings.recordOpening({ ...request, subjects: new Map([[subjectId, 1]]) });
dieAt('before-answer');
writeSync(1, 'ann@shop.example\n');
dieAt('after-answer');
await log.close();
await keys.close();
