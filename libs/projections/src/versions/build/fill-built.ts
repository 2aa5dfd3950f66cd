import { subjectOfStream } from '#contracts';
import { fillFrom, readFilling, selectFilling } from '../../read-models/attributes/projection.js';
import type { BuildRun } from './build-run.js';
import { SCAN_PAGE } from './touchpoints/sources.js';

/**
 * Takes what the log says about the attributes that are defined: one more reading of it, only where some are. Each page is a transaction that also writes how far the
 * attributes are filled, so a build that was killed goes on from there.
 */
export async function fillBuilt(run: BuildRun): Promise<void> {
  const { database, log, schema, open, times, signal } = run.options;
  for (;;) {
    const filling = readFilling(await database.query(selectFilling(`${schema}.`)));
    if (filling === null) return;
    const pages = log.readAll(filling.after, { pageSize: SCAN_PAGE, upTo: filling.upTo })[Symbol.asyncIterator]();
    run.beginPhase(filling.after, 0);
    for (let items = 0, done = false; !done;) {
      const next = await times.of('read', () => pages.next());
      done = next.done === true;
      const events = next.done === true ? [] : next.value;
      const filledTo = done ? filling.upTo : (events.at(-1)?.position ?? filling.upTo);
      const touchpoints = events.filter(({ stream }) => subjectOfStream(stream) !== null);
      await times.of('write', () => run.transaction((tx) => fillFrom(tx, filling, touchpoints, filledTo, open)));
      items += events.length;
      run.report('attributes', filledTo, filling.upTo, items);
      await run.pause();
      signal?.throwIfAborted();
      if (filledTo === filling.upTo) break;
    }
  }
}
