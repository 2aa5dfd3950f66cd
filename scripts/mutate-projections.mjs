// Plants faults in indexing and folding, one at a time, and runs the specs that must see them. A planted fault that no spec sees has
// survived: a rule without a test. A spec that fails only because it takes too long has seen nothing, nor has one that does not start.
// Not part of CI.
//
//     node scripts/mutate-projections.mjs [--store "PostgreSQL 18"] [--only NAME] [--again]
//
// Results are kept in coverage/mutants.ndjson, so that a run goes on where the last one stopped; `--again` repeats those that were not killed.
// The files are changed in place and put back: run it in a clean checkout.
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '..');
const source = join(root, 'libs/projections/src');
const results = join(root, 'coverage/mutants.ndjson');

const FACTS = 'indexing/page-facts.spec.ts';
const AFFECTED = 'indexing/affected-customer.spec.ts';
const INDEX = 'indexing/index-batch.int.spec.ts';
const ONE = 'folding/fold-one.spec.ts';
const FOLD = 'folding/fold-batch.int.spec.ts';
const CLOCK = 'processor/clock.int.spec.ts';
const PROJECTOR = 'processor/projector.int.spec.ts';
const DIGESTS = 'projections.property.int.spec.ts';
const PUBLISHED = 'outbox/published.property.int.spec.ts';

/** The specs are run in this order until one fails. */
const ALL = [INDEX, FOLD, PROJECTOR, DIGESTS];
const FOLDING = [FOLD, INDEX, PROJECTOR, DIGESTS];

/** Name, file, exact text (once in the file), replacement, specs. */
const MUTANTS = [
  // What a batch of events does.
  ['page edge', 'indexing/index-batch.ts', 'event.position > from)', 'event.position >= from)', [INDEX]],
  ['out of step ignored', 'indexing/index-batch.ts', 'if (batch.after > from) throw', 'if (false) throw', [INDEX]],
  ['out of step too strict', 'indexing/index-batch.ts', 'batch.after > from', 'batch.after >= from', [INDEX]],
  [
    'stand-by ignored',
    'indexing/index-batch.ts',
    '(SELECT ${tryLock(LOCKS.indexing(version))})',
    '(SELECT ${tryLock(LOCKS.indexing(version))} OR true)',
    [INDEX],
  ],
  ['policy folds at once', 'indexing/index-batch.ts', 'batch.foldNow && !published &&', 'batch.foldNow &&', ALL],
  [
    'folds although others fold',
    'folding/folding-lock.ts',
    'return lock?.acquired === true;',
    'return lock !== undefined;',
    [INDEX, FOLD, DIGESTS],
  ],
  [
    'fold now ignored',
    'indexing/index-batch.ts',
    'const foldNow = batch.foldNow &&',
    'const foldNow = false &&',
    [INDEX],
  ],
  [
    'recorded instant not kept',
    'indexing/index-batch.ts',
    'recorded_at = greatest(recorded_at, $2::timestamptz)',
    'recorded_at = coalesce(recorded_at, null)',
    [INDEX],
  ],
  [
    'recorded instant goes back',
    'indexing/index-batch.ts',
    'greatest(recorded_at, $2::timestamptz)',
    '$2::timestamptz',
    [INDEX],
  ],
  ['unreadable not parked', 'indexing/index-batch.ts', 'await park(writes, unreadable, position, now);', '', [INDEX]],
  ['dirty mark left out', 'indexing/index-batch.ts', 'await markDirty(writes, mark, position, now);', '', [INDEX]],
  [
    'links left out',
    'indexing/index-batch.ts',
    'await recordSubjects(tx, writes, facts);',
    'await recordSubjects(tx, writes, { ...facts, links: [] });',
    [INDEX],
  ],
  [
    'receipts left out',
    'indexing/index-batch.ts',
    'await countOutcomes(writes, facts.receipts, recounts);',
    '',
    [INDEX],
  ],
  ['policies kept', 'read-models/read-model-store.ts', ' || this.#policies.count !== published', '', ALL],
  [
    'states outlive a policy',
    'indexing/index-batch.ts',
    "await tx.query('DELETE FROM states WHERE upto_at >= $1::timestamptz', [from]);",
    '',
    [INDEX],
  ],
  [
    'snapshots outlive a policy',
    'indexing/index-batch.ts',
    "await tx.query('DELETE FROM snapshots WHERE upto_at >= $1::timestamptz', [from]);",
    '',
    [INDEX],
  ],
  [
    'policy marks no customer',
    'indexing/index-batch.ts',
    'await markAllDirty(tx, reason, position, now);',
    '',
    [INDEX],
  ],
  [
    'first policy from its instant',
    'indexing/index-batch.ts',
    'CASE WHEN p.position = (SELECT min(position) FROM policies) THEN',
    'CASE WHEN false THEN',
    [INDEX],
  ],
  ['parked folded', 'indexing/index-batch.ts', 'if (row?.parked === true) {', 'if (false) {', [INDEX]],
  [
    'parked stay parked in a merge',
    'indexing/index-batch.ts',
    "one.reason !== 'merge' && one.reason !== 'unmerge'",
    'true',
    [INDEX],
  ],
  ['dirty folded at once', 'indexing/index-batch.ts', '|| row?.dirty === true ||', '||', ALL],
  ['heavy and late folded at once', 'indexing/index-batch.ts', '|| heavyAndLate) mark', ') mark', [INDEX, FOLD]],
  [
    'heavy wait although in order',
    'indexing/index-batch.ts',
    '(one.earliestAt ?? Infinity) < (row.upto_at ?? -Infinity)',
    'true',
    [INDEX, FOLD],
  ],
  // Which customers a batch affects.
  [
    'latest instead of earliest',
    'indexing/affected-customer.ts',
    'event.occurredAt < one.earliestAt',
    'event.occurredAt > one.earliestAt',
    [AFFECTED],
  ],
  ['merge keeps the state', 'indexing/affected-customer.ts', 'one.earliestAt = -Infinity;', '', [AFFECTED]],
  ['merge has all events at hand', 'indexing/affected-customer.ts', 'one.complete = false;', '', [AFFECTED]],
  ['merge without reason', 'indexing/affected-customer.ts', 'one.reason = reason;', '', [AFFECTED]],
  ['always complete', 'indexing/affected-customer.ts', 'complete: fresh.has(customerId)', 'complete: true', [AFFECTED]],
  [
    'erased not folded',
    'indexing/affected-customer.ts',
    'for (const customerId of erased) of(customerId);',
    '',
    [AFFECTED],
  ],
  // Dirty marks.
  [
    'pending replaced',
    'indexing/dirty.ts',
    'pending = dirty.pending + EXCLUDED.pending',
    'pending = EXCLUDED.pending',
    [INDEX],
  ],
  [
    'earliest replaced',
    'indexing/dirty.ts',
    'EXCLUDED.pending, earliest_at = least(dirty.earliest_at, EXCLUDED.earliest_at)',
    'EXCLUDED.pending, earliest_at = EXCLUDED.earliest_at',
    [INDEX],
  ],
  ['waiting goes on', 'indexing/dirty.ts', ',\n       not_before = NULL`', '`', [INDEX, FOLD, PROJECTOR]],
  ['weaker reason wins', 'indexing/dirty.ts', "')} > ${rankOfReason('", "')} < ${rankOfReason('", [INDEX]],
  [
    'a policy marks no dirty ones',
    'indexing/dirty.ts',
    ' UNION SELECT customer_id FROM dirty',
    '',
    [INDEX, CLOCK, PROJECTOR],
  ],
  [
    'due a moment late',
    'indexing/dirty.ts',
    'FROM customers c WHERE wake_at <= $1::timestamptz',
    'FROM customers c WHERE wake_at < $1::timestamptz',
    [CLOCK],
  ],
  [
    'parked are due',
    'indexing/dirty.ts',
    'AND NOT EXISTS (SELECT 1 FROM parked p WHERE p.customer_id = c.customer_id)',
    '',
    [CLOCK],
  ],
  [
    'dirty are due',
    'indexing/dirty.ts',
    'AND NOT EXISTS (SELECT 1 FROM dirty d WHERE d.customer_id = c.customer_id)',
    '',
    [CLOCK],
  ],
  ['latest due first', 'indexing/dirty.ts', 'ORDER BY wake_at LIMIT $2)', 'ORDER BY wake_at DESC LIMIT $2)', [CLOCK]],
  // Facts of a page.
  ['referees link', 'indexing/page-facts.ts', "if (role === 'self' && (", 'if (role !== undefined && (', [FACTS]],
  ['links both ways', 'indexing/page-facts.ts', 'one < other ?', 'one > other ?', [FACTS]],
  [
    'first seen latest',
    'indexing/page-facts.ts',
    '  else if (event.occurredAt < known.firstSeenAt)',
    '  else if (event.occurredAt > known.firstSeenAt)',
    [FACTS],
  ],
  [
    'second identifier ignored',
    'indexing/page-facts.ts',
    'return first !== -1 && meta.indexOf(\'"subjectId"\', first + 11) === -1;',
    'return first !== -1;',
    [FACTS],
  ],
  // The clock.
  ['clock noted while dirty', 'processor/clock.ts', ' AND NOT (SELECT marked FROM marked))', ')', [CLOCK]],
  [
    'clock goes back',
    'processor/clock.ts',
    'checkpoint SET clock = greatest(clock, $1::timestamptz)\n        WHERE clock IS DISTINCT FROM greatest(clock, $1::timestamptz)',
    'checkpoint SET clock = $1::timestamptz\n        WHERE true',
    [CLOCK],
  ],
  [
    'waiting hold the clock',
    'processor/clock.ts',
    '.dirty WHERE not_before IS NULL OR not_before <= $1::timestamptz',
    '.dirty',
    [CLOCK],
  ],
  [
    'policy fires twice',
    'processor/clock.ts',
    "p.effective_from > coalesce(c.clock, '-infinity') AND p.effective_from <= $1",
    'p.effective_from <= $1',
    [CLOCK],
  ],
  ['waiting do not wake', 'processor/clock.ts', '(SELECT min(not_before) FROM ${schema}.dirty)', 'NULL', [CLOCK]],
  // Which dirty customers are folded.
  [
    'claims the future',
    'folding/fold-batch.ts',
    'WHERE (d.not_before IS NULL OR d.not_before <= $1::timestamptz)',
    'WHERE ($1::timestamptz IS NOT NULL)',
    [FOLD],
  ],
  [
    'newest marks first',
    'folding/fold-batch.ts',
    'ORDER BY d.since, d.customer_id',
    'ORDER BY d.since DESC, d.customer_id',
    [FOLD],
  ],
  ['heavy never wait', 'folding/fold-batch.ts', '($3::boolean OR', '(true OR $3::boolean OR', [FOLD]],
  [
    'heavy wait for ever',
    'folding/fold-batch.ts',
    "OR d.since <= $1::timestamptz - least(n.events * $6::float8, $7::float8) * interval '1 millisecond')",
    'OR ($6::float8 + $7::float8 < 0))',
    [FOLD],
  ],
  ['much that is new waits', 'folding/fold-batch.ts', 'OR d.pending * $5 >= n.events', 'OR $5::int < 0', [FOLD]],
  [
    'marks stay',
    'folding/fold-batch.ts',
    "'DELETE FROM dirty WHERE customer_id = ANY($1::text[])', params: [ids]",
    "'SELECT $1::text[]', params: [ids]",
    [FOLD],
  ],
  [
    'rejections fail the batch',
    'folding/fold-batch.ts',
    '    if (!isRejection(error)) throw error;\n  }',
    '    throw error;\n  }',
    [FOLD],
  ],
  // From which state, with which events.
  ['state of another policy', 'folding/read-events.ts', '&& snapshotFits(snapshot, policies)', '', [FOLD, INDEX]],
  ['state of another program', 'folding/read-events.ts', 'snapshot.format === SNAPSHOT_FORMAT &&', '', [FOLD]],
  [
    'snapshots unchecked',
    'folding/read-events.ts',
    'snapshot !== undefined && stateFits(snapshot, moment.policies) ?',
    'snapshot !== undefined ?',
    [FOLD],
  ],
  ['late events on top', 'folding/fold-customers.ts', '&& !allAfter(one.events, one.base)', '&& false', FOLDING],
  ['late not folded again', 'folding/read-events.ts', 'one.again = true;', '', FOLDING],
  [
    'snapshot events twice',
    'folding/read-events.ts',
    'events.filter((event) => isAfter(event, base));',
    'events;',
    FOLDING,
  ],
  [
    'state events twice',
    'folding/read-events.ts',
    'event.position > base.position || isAfter(event, base)',
    'true',
    FOLDING,
  ],
  [
    'tail from the beginning',
    'folding/read-events.ts',
    'events.filter((event) => event.position > from)',
    'events',
    FOLDING,
  ],
  [
    'waiting events forgotten',
    'folding/fold-customers.ts',
    'if (known.waitingUntil !== null) return one;',
    '',
    [FOLD, PROJECTOR, DIGESTS],
  ],
  ['snapshot at the instant', 'folding/load.ts', 'n.upto_at < c.before', 'n.upto_at <= c.before', FOLDING],
  [
    'oldest snapshot',
    'folding/load.ts',
    'ORDER BY n.customer_id, n.events DESC',
    'ORDER BY n.customer_id, n.events',
    [FOLD],
  ],
  ['future folded', 'folding/fold-one.ts', '> asOf) count--', '> asOf + 1e12) count--', [ONE]],
  [
    'equal instants in any order',
    'folding/fold-one.ts',
    'return compareEvents(event, { ...event, ...key }) > 0;',
    'return true;',
    [ONE],
  ],
  [
    'one less in the state',
    'folding/fold-one.ts',
    'events: before + due.length',
    'events: before + due.length - 1',
    [ONE],
  ],
  [
    'snapshots misnumbered',
    'folding/fold-one.ts',
    'const at = before + (i + 1) * snapshotEvery;',
    'const at = before + i * snapshotEvery;',
    [ONE],
  ],
  // What is written.
  [
    'snapshots outlive a whole fold',
    'folding/states.ts',
    '(again || base === null) && mayHaveSnapshots',
    'again && hadState',
    [FOLD, DIGESTS],
  ],
  [
    'snapshots after a late event stay',
    'folding/states.ts',
    's.events > c.events',
    's.events > c.events + 1000',
    [FOLD, DIGESTS],
  ],
  ['sums not taken back', 'folding/write.ts', 'sums.add(period, -1)', 'sums.add(period, 0 as 1)', FOLDING],
  ['rewritten from the start', 'folding/write.ts', '(folded.stagePeriods[0]?.seq ?? 0)', '0', FOLDING],
  [
    'bookings of a whole fold stay',
    'folding/write.ts',
    '...standing.filter((one) => one.written && one.folded.whole),',
    '',
    FOLDING,
  ],
  ['bookings folded again stay', 'folding/write.ts', '...(one.again ? one.folded.refolded : [])', '...[]', FOLDING],
  [
    'parked keep their deadline',
    'folding/park.ts',
    "await writes.query('UPDATE customers SET wake_at = NULL WHERE customer_id = ANY($1::text[])', [ids]);",
    '',
    [FOLD, CLOCK, PROJECTOR],
  ],
  [
    'parked stay dirty',
    'folding/park.ts',
    "await writes.query('DELETE FROM dirty WHERE customer_id = ANY($1::text[])', [ids]);",
    '',
    [FOLD],
  ],
  [
    'reversals as late events',
    'folding/fold-customers.ts',
    "event.type === 'order-cancelled' || event.type === 'order-returned'",
    'event.type === undefined',
    [PROJECTOR, PUBLISHED],
  ],
];

const { values } = parseArgs({
  options: { store: { type: 'string', default: 'PGlite' }, only: { type: 'string' }, again: { type: 'boolean' } },
});

const known = new Map();
if (existsSync(results))
  for (const line of readFileSync(results, 'utf8').trim().split('\n')) {
    const { name, outcome } = JSON.parse(line);
    known.set(name, outcome);
  }

// Those with few specs first: they take seconds.
for (const [name, file, text, replacement, specs] of MUTANTS.toSorted((a, b) => a[4].length - b[4].length)) {
  if (values.only !== undefined && name !== values.only) continue;
  const before = known.get(name);
  if (values.only === undefined && before !== undefined && !(values.again && before !== 'killed')) continue;
  const path = join(source, file);
  const original = readFileSync(path, 'utf8');
  if (original.split(text).length !== 2) throw new Error(`${name}: ${file} must hold this text once: ${text}`);
  const putBack = () => writeFileSync(path, original);
  process.once('exit', putBack);
  writeFileSync(
    path,
    original.replace(text, () => replacement),
  );
  const begun = performance.now();
  let outcome = 'survived';
  let seenBy = null;
  let test = null;
  for (const spec of specs) {
    const seen = run(spec);
    if (seen.outcome === 'survived') continue;
    ({ outcome, test } = seen);
    seenBy = spec;
    if (outcome === 'killed') break;
  }
  putBack();
  process.removeListener('exit', putBack);
  known.set(name, outcome);
  mkdirSync(join(root, 'coverage'), { recursive: true });
  const seconds = Math.round((performance.now() - begun) / 1_000);
  appendFileSync(results, `${JSON.stringify({ name, file, outcome, seenBy, test, seconds })}\n`);
  console.log(`${outcome.padEnd(9)}  ${name.padEnd(36)}  ${file.padEnd(32)}  ${seenBy ?? ''}  (${seconds} s)`);
}

const outcomes = MUTANTS.map(([name]) => known.get(name));
const count = (outcome) => outcomes.filter((each) => each === outcome).length;
console.log(
  ['killed', 'survived', 'timed out', 'not started', undefined]
    .map((outcome) => `${count(outcome)} ${outcome ?? 'not run'}`)
    .join(', ') + `, of ${MUTANTS.length}`,
);
for (const [name, file] of MUTANTS)
  if ((known.get(name) ?? 'killed') !== 'killed') console.log(`${known.get(name)}: ${name} (${file})`);

/** What a spec says with the planted fault in place, on one store: the outcome, and the test that failed first. */
function run(spec) {
  const onStore = spec.endsWith('.int.spec.ts') ? ['-t', values.store] : [];
  const args = [join('libs/projections/src', spec), '--maxWorkers=1', '--bail', ...onStore];
  const { status, signal, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'jest', '--', ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: 300_000,
  });
  if (status === 0) return { outcome: 'survived', test: null };
  const output = stdout + stderr;
  const failed = /^ {2}● (.+)$/mu.exec(output)?.[1] ?? null;
  if (signal !== null || /Exceeded timeout of/u.test(output)) return { outcome: 'timed out', test: failed };
  if (failed === null || /Test suite failed to run/u.test(output)) return { outcome: 'not started', test: failed };
  return { outcome: 'killed', test: failed };
}
