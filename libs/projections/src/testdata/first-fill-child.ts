/**
 * A projector in a process of its own beside an empty database and a large log, as the program runs it, until it has come to the head; then it
 * prints the versions that it sees and what it built. A spec kills it. Arguments: the address of the database, the seed of the world, the clock.
 */
import { memoryLog } from '#testing';
import { openDatabase } from '#database';
import { Projector } from '../processor/projector.js';
import { appendAll } from './touchpoints.js';
import { world } from './world.js';

const [url = '', seed = '1', at = '0'] = process.argv.slice(2);
const clock = { now: () => Number(at) };
const log = memoryLog({ clock });
await appendAll(log, world(Number(seed), 400, 6), 1_000);
const database = await openDatabase({ kind: 'postgres', url });
const warnings: string[] = [];
let builds = 0;
const warningOf = (what: object, line: string): string =>
  `${line} ${Object.values(what)
    .map((each: unknown) => (each instanceof Error ? (each.stack ?? each.message) : JSON.stringify(each)))
    .join(' ')}`;
const logger = {
  info: (_: object, line: string) => {
    if (line.startsWith('The read models are empty')) builds += 1;
  },
  warn: (what: object, line: string) => warnings.push(warningOf(what, line)),
  error: (what: object, line: string) => warnings.push(warningOf(what, line)),
};
const projector = await Projector.open({ database, log, clock, logger, buildFrom: 100, foldBatchSize: 20 });
projector.start();
const { position: head } = await log.head();
while ((await projector.status()).position < head) await new Promise((wake) => setTimeout(wake, 20));
const versions = await projector.versions();
await projector.stop();
process.stdout.write(
  `${JSON.stringify({ builds, warnings, versions: versions.map(({ version, status }) => ({ version, status })) })}\n`,
);
await database.close();
