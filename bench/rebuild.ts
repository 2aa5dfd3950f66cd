import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SYSTEM_CLOCK } from '#platform';
import { openDatabase } from '#database';
import { Projector } from '#projections';
import { liveRows, scanRaw, writeRawTables } from './measuring/raw-read-models.js';
import { openFolder, simulateInto } from './measuring/simulated-log.js';
import { median, percent, perSecond, report, seconds } from './measuring/table.js';

/**
 * Rebuilding the read models, against reading the same log in a plain loop, parsing its JSON, and copying the very rows that
 * came out into tables with the same keys and indexes, in the same PGlite; one after the other, nothing else done. Before
 * it, the log is followed once as after an import, so that the rebuild has nothing to publish.
 *
 *     npm run bench -- rebuild [--customers 4000] [--rounds 3]
 */
const { values: options } = parseArgs({
  options: { customers: { type: 'string', default: '4000' }, rounds: { type: 'string', default: '3' } },
});
const ROUNDS = Number(options.rounds);
const GOAL = 0.5;

const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
try {
  const begun = performance.now();
  const data = await openFolder(folder);
  const touchpoints = await simulateInto(data, Number(options.customers));
  const takenMs = performance.now() - begun;
  console.error(`${touchpoints} touchpoints in ${seconds(takenMs)}`);

  const database = await openDatabase({ kind: 'pglite', folder: join(folder, 'readmodels') });
  const projector = await Projector.open({ database, log: data.log, clock: SYSTEM_CLOCK });
  const followed = performance.now();
  await projector.catchUp();
  const followMs = performance.now() - followed;
  console.error(`followed in ${seconds(followMs)}: ${JSON.stringify((await projector.status()).stepMs)}`);

  const figures: { oursMs: number; rawMs: number; scanMs: number; parseMs: number; writeMs: number }[] = [];
  let steps: Readonly<Record<string, number>> = {};
  let rows = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const rebuilt = await projector.rebuild();
    steps = rebuilt.stepMs;
    const live = await liveRows(database);
    rows = live.tables.reduce((sum, table) => sum + table.rows.length, 0);
    const { scanMs, parseMs } = scanRaw(join(folder, 'log.db'));
    const writeMs = await writeRawTables(database, live.schema, live.tables);
    figures.push({ oursMs: rebuilt.elapsedMs, rawMs: scanMs + parseMs + writeMs, scanMs, parseMs, writeMs });
    console.error(`round ${round + 1}: ${JSON.stringify(figures.at(-1))}, steps ${JSON.stringify(steps)}`);
  }
  await database.close();
  await data.close();

  const of = (name: keyof (typeof figures)[number]): number => median(figures.map((figure) => figure[name]));
  const ratios = figures.map(({ rawMs, oursMs }) => rawMs / oursMs);
  const stepSum = Object.values(steps).reduce((sum, ms) => sum + ms, 0);
  const shares = Object.entries(steps).map(([step, ms]) => `${step} ${percent(ms / stepSum)}`);
  report(
    `Rebuild of ${touchpoints.toLocaleString('en')} touchpoints to ${rows.toLocaleString('en')} rows, the median of ${ROUNDS} rounds; ` +
      `${availableParallelism()} cores, Node ${process.version}`,
    [
      {
        what: 'rebuild',
        raw: `${seconds(of('rawMs'))} (${perSecond(touchpoints, of('rawMs'))})`,
        ours: `${seconds(of('oursMs'))} (${perSecond(touchpoints, of('oursMs'))})`,
        ratio: `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`,
        goal: `≥ ${GOAL}`,
      },
      {
        what: 'following the log once, publishing',
        raw: '',
        ours: `${seconds(followMs)} (${perSecond(touchpoints, followMs)})`,
        ratio: (of('rawMs') / followMs).toFixed(2),
        goal: '(to know)',
      },
      {
        what: 'taking the touchpoints in, in process',
        raw: '',
        ours: `${seconds(takenMs)} (${perSecond(touchpoints, takenMs)})`,
        ratio: '',
        goal: '(to know)',
      },
    ],
    [
      `the baseline is ${seconds(of('scanMs'))} of scanning, ${seconds(of('parseMs'))} of parsing, ${seconds(of('writeMs'))} of COPY.`,
      `the rebuild's steps (they overlap: the next slice is read and folded while one is written): ${shares.join(', ')}.`,
    ],
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
