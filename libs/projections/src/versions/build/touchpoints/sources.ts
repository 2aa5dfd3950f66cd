import { getHeapStatistics } from 'node:v8';
import type { BuildRun } from '../build-run.js';
import type { Customer } from '../components.js';
import { KeptTouchpoints } from './kept-touchpoints.js';
import type { JoinedSubject } from './spilled-touchpoints.js';
import { StreamSource, type TouchpointSource } from './touchpoint-source.js';

const HELD_BYTES_MAX = Math.min(512 * 1_024 * 1_024, getHeapStatistics().heap_size_limit / 4);

/** Events read at once. */
export const SCAN_PAGE = 2_000;

/** Joined subjects that are selected at once. */
const JOINED_PAGE = 50_000;

/** Reading a stream from a server takes as long as reading so many events of the whole log: 2,600 streams/s and 32,000 to 36,000 events/s were measured. */
const EVENTS_PER_STREAM = 13;

/** An event takes about so many bytes of the log, where positions do not tell. */
const BYTES_PER_EVENT = 700;

/** How much memory a build may take for what it read. */
export function heldBytesMax({ options }: BuildRun): number {
  return options.heldBytesMax ?? HELD_BYTES_MAX;
}

/** Keeps the touchpoints of a reading of the log that begins now. */
export function keepTouchpoints(run: BuildRun): KeptTouchpoints {
  const { log, temporaryFolder } = run.options;
  // Where a stream is found without a round trip, finding it again is as fast as a file that is sorted: measured.
  const folder = log.streamRead === 'round-trip' ? temporaryFolder : null;
  const logBytes = run.state.upTo * (log.counts === 'bytes' ? 1 : BYTES_PER_EVENT);
  const pause = () => run.pause();
  return (run.kept = new KeptTouchpoints({ bytesMax: heldBytesMax(run), folder, logBytes, pause }));
}

/**
 * Where the touchpoints come from once the customers are resolved: what was kept, sorted by customer; else, after a build that was killed, one more reading
 * of the log, or the streams of the customers that are not folded yet, if that is less.
 */
export async function touchpointSource(run: BuildRun): Promise<TouchpointSource> {
  if (run.kept === null && (await isReadAgain(run))) await readAgain(run);
  if (run.kept === null) return new StreamSource(run.options.log, run.state.upTo);
  await sort(run, run.kept);
  return run.kept;
}

async function isReadAgain({ options: { log, database, schema }, state }: BuildRun): Promise<boolean> {
  if (log.streamRead !== 'round-trip' || state.folded >= state.customers) return false;
  const [left] = await database.query<{ subjects: number }>(
    `SELECT count(*)::int AS subjects FROM ${schema}.subjects WHERE customer_id > $1`,
    [state.after],
  );
  return (left?.subjects ?? 0) * EVENTS_PER_STREAM > (state.events ?? Infinity);
}

/** The phase `touchpoints`: reads the log once more, for what a killed build had kept. */
async function readAgain(run: BuildRun): Promise<void> {
  const { log, times, signal } = run.options;
  const { upTo } = run.state;
  const kept = keepTouchpoints(run);
  run.beginPhase(0);
  let events = 0;
  const pages = log.readAll(0, { pageSize: SCAN_PAGE, upTo })[Symbol.asyncIterator]();
  for (;;) {
    const next = await times.of('read', () => pages.next());
    if (next.done === true) return;
    const page = next.value;
    await times.of('index', () => kept.hold(page));
    await times.of('write', () => kept.fitBeside(0));
    events += page.length;
    run.report('touchpoints', page.at(-1)?.position ?? 0, upTo, events);
    await run.pause();
    signal?.throwIfAborted();
  }
}

/** The phase `sorting`: brings what was kept in a file into the order of the customers. */
async function sort(run: BuildRun, kept: KeptTouchpoints): Promise<void> {
  const total = kept.spilled;
  if (total === null) return;
  const { times, signal } = run.options;
  let done = 0;
  run.beginPhase(0);
  run.report('sorting', 0, total);
  await times.of('read', () =>
    kept.gather(joinedSubjects(run), async (touchpoints) => {
      signal?.throwIfAborted();
      done = Math.min(done + touchpoints, total);
      run.report('sorting', done, total);
      await run.pause();
    }),
  );
  run.report('sorting', total, total);
}

async function* joinedSubjects(run: BuildRun): AsyncIterable<readonly JoinedSubject[]> {
  if (run.customers !== null) {
    yield run.customers.flatMap(joinedTo);
    return;
  }
  const { database, schema } = run.options;
  for (let last = ''; ;) {
    const rows = await database.query<{ subject_id: string; customer_id: string }>(
      `SELECT subject_id, customer_id FROM ${schema}.subjects
        WHERE subject_id > $1 AND customer_id <> subject_id ORDER BY subject_id LIMIT $2`,
      [last, JOINED_PAGE],
    );
    yield rows.map((row) => ({ subjectId: row.subject_id, customerId: row.customer_id }));
    if (rows.length < JOINED_PAGE) return;
    last = rows.at(-1)?.subject_id ?? '';
  }
}

function joinedTo({ customerId, subjectIds }: Customer): JoinedSubject[] {
  return subjectIds.flatMap((subjectId) => (subjectId === customerId ? [] : [{ subjectId, customerId }]));
}
