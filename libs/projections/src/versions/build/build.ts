import { instantText } from '#database';
import { markAllAccounts } from '../../accounts/mark-accounts.js';
import { fingerprintOf } from '#event-log';
import type { Sums } from '../../folding/sums.js';
import { loadPolicies } from '../../read-models/policies/load-policies.js';
import { noteWhenInForce } from '../../read-models/policies/projection.js';
import { noteZones, zonesWanted } from '../../read-models/stage-counts/zones.js';
import { BuildRun, transactionOn, type BuildOptions } from './build-run.js';
import type { BuildState } from './build-state.js';
import { fillBuilt } from './fill-built.js';
import { foldAll } from './fold-all.js';
import { dropIndexes, makeIndexes } from './indexes.js';
import { join, scan } from './scan.js';
import { SEEN_TABLES } from './seen-tables.js';

/**
 * Fills a version's empty tables from the log: one scan for subjects and links, then the customers that follow from them, then each customer
 * folded once, batch by batch in the order of their ids. Every step is a transaction that also writes how far it came, so a build that
 * was killed goes on from there when it is called again. Nothing is published: that follows the switch.
 *
 * A log that is small enough is held in memory by the scan, and nothing is written before its end. Of a larger one, what the scan sees is
 * written on the way, and the events of each batch are read again: from a temporary file that the scan filled, where reading a stream costs a round
 * trip, else from the log.
 */
export async function build(options: BuildOptions): Promise<void> {
  const state = await beginOrResume(options);
  if (state === null) return;
  const run = new BuildRun(options, state);
  try {
    if (run.state.phase === 'links') await scan(run);
    if (run.state.phase === 'components') await join(run);
    const sums = await foldAll(run);
    await makeIndexes(run);
    await fillBuilt(run);
    await finish(run, sums);
  } finally {
    await run.kept?.close();
  }
}

/** The state to go on from, created when there is none; null when the version is built already. */
function beginOrResume(options: BuildOptions): Promise<BuildState | null> {
  const { upTo, asOf, schema } = options;
  return transactionOn(options, async (tx) => {
    const [row] = await tx.query<{ position: number; build: BuildState | null }>(
      'SELECT position, build FROM checkpoint FOR UPDATE',
    );
    if (row === undefined) throw new Error(`The table ${schema}.checkpoint has no row: drop the version and rebuild.`);
    if (row.build !== null) return row.build;
    if (row.position > 0) return null;
    await tx.exec(SEEN_TABLES);
    const state: BuildState = {
      ...{ phase: 'links', upTo, asOf, recordedAt: null },
      ...{ scanned: 0, after: '', folded: 0, customers: 0 },
      indexes: await dropIndexes(tx, schema),
    };
    await tx.query('UPDATE checkpoint SET build = $1::text::jsonb', [JSON.stringify(state)]);
    return state;
  });
}

/** Writes the sums, and that the version is ready to go live. */
async function finish(run: BuildRun, sums: readonly Sums[]): Promise<void> {
  const last = await run.options.log.at(run.state.upTo);
  await run.transaction(async (tx) => {
    // Twice would count everything twice, and take the live version back.
    await run.own(tx);
    for (const sum of sums) await sum.write(tx);
    const { timeline } = await loadPolicies(tx);
    await noteWhenInForce(tx, timeline);
    await markAllAccounts(tx, 'events', run.state.upTo, run.state.asOf, true);
    await noteZones(tx, zonesWanted(timeline, run.state.asOf));
    const { upTo, asOf, recordedAt } = run.state;
    await tx.query(
      `UPDATE checkpoint SET build = NULL, position = $1, clock = $2::timestamptz, recorded_at = $3::timestamptz, fingerprint = $5
        WHERE build = $4::text::jsonb`,
      [
        upTo,
        instantText(asOf),
        recordedAt === null ? null : instantText(recordedAt),
        JSON.stringify(run.state),
        last === null ? null : fingerprintOf(last),
      ],
    );
    await tx.query("UPDATE perennial.versions SET status = 'ready', position = $1 WHERE schema_name = $2", [
      upTo,
      run.options.schema,
    ]);
  });
}
