import { insertRows, type Transaction } from '#database';
import { park, type ParkedCustomer } from '../../folding/park.js';
import { recountsBetween } from '../../indexing/event-ids/recount.js';
import { emptyFacts, gather, type PageFacts } from '../../indexing/page-facts.js';
import { recordAttributeDefinitions } from '../../read-models/attributes/projection.js';
import { countRows, keepOtherBooks } from '../../read-models/completeness/projection.js';
import { recordDecision } from '../../read-models/links/decisions.js';
import { recordMembershipChanges } from '../../read-models/accounts/membership-changes.js';
import { LINKS, SUBJECTS } from '../../read-models/links/table.js';
import { recordMentions } from '../../read-models/mentions/projection.js';
import { countOutcomes } from '../../read-models/outcomes/projection.js';
import { recordPolicies, recordTypes } from '../../read-models/policies/projection.js';
import { recordRestrictions } from '../../read-models/restrictions/projection.js';
import { recordSuppressions } from '../../read-models/suppressions/projection.js';
import { forgetOpenings, recordOpenings } from '../../read-models/openings/projection.js';
import { loadPolicies } from '../../read-models/policies/load-policies.js';
import { listQuarantine, replaceQuarantinedIn } from '../../read-models/quarantine/projection.js';
import { recordSegments } from '../../read-models/segments/projection.js';
import type { BuildRun } from './build-run.js';
import type { BuildState } from './build-state.js';
import { joinInMemory } from './components.js';
import { JOIN_STEPS, joinSeen } from './join-seen.js';
import { addSeenCounts, fillCounts } from './fill-counts.js';
import { LinksSeen } from './links-seen.js';
import { scannedPages } from './scanned-pages.js';
import { DROP_SEEN_TABLES, writeSeen } from './seen-tables.js';
import { bytesSeen } from './touchpoints/held-touchpoints.js';
import { heldBytesMax, keepTouchpoints } from './touchpoints/sources.js';

/** What is kept in memory of a large log until it is written. */
const SUBJECTS_KEPT = 50_000;
const LINKS_KEPT = 50_000;
const SCANNED_MAX = 250_000;

/**
 * The phase `links`: reads the log once for subjects, links and everything else that follows the log itself, and keeps the touchpoints for the fold.
 * Subjects and links that are few enough are held in memory, and written at the end with the customers resolved; of more, what was seen is written
 * on the way.
 */
export async function scan(run: BuildRun): Promise<void> {
  const { times, signal } = run.options;
  let { events = 0, scanned, recordedAt } = run.state;
  run.beginPhase(scanned, events);
  // What was scanned before a kill is in the database, and no longer in memory.
  let inMemory = scanned === 0;
  if (inMemory) keepTouchpoints(run);
  let facts = emptyFacts();
  let links = new LinksSeen();
  let kept = 0;
  const pages = scannedPages(run);
  for (;;) {
    const next = await pages.next();
    const done = next.done === true;
    if (!done) {
      const { events: page, last } = next.value;
      times.ofSync('index', () => {
        const decided = facts.decisions.length;
        gather(facts, page, false);
        links.add(facts.links.splice(0), facts.decisions.slice(decided));
      });
      await times.of('index', async () => run.kept?.hold(page));
      if (inMemory)
        inMemory = await times.of('write', () =>
          hasRoom(
            run,
            bytesSeen(facts.subjects.size, links.kept.length + facts.mentions.length + facts.memberships.length),
          ),
        );
      kept += page.length;
      events += page.length;
      scanned = last.position;
      recordedAt = Math.max(recordedAt ?? -Infinity, last.recordedAt);
      run.report('links', scanned, run.state.upTo, events);
    }
    await run.pause();
    signal?.throwIfAborted();
    const state: BuildState = { ...run.state, scanned, events, recordedAt, ...(done ? { phase: 'components' } : {}) };
    if (inMemory) {
      if (done) await times.of('index', () => joinHeld(run, facts, links, state));
    } else if (
      done ||
      facts.subjects.size > SUBJECTS_KEPT ||
      links.kept.length + facts.mentions.length + facts.memberships.length > LINKS_KEPT ||
      kept > SCANNED_MAX
    ) {
      await times.of('index', () => keepSeen(run, facts, links, state));
      facts = emptyFacts();
      links = new LinksSeen();
      kept = 0;
    }
    if (done) return;
  }
}

/** Whether subjects and links that take so many bytes may stay in memory, beside what is kept of the touchpoints. */
async function hasRoom(run: BuildRun, bytes: number): Promise<boolean> {
  const { kept } = run;
  if (kept === null) return false;
  if (await kept.fitBeside(bytes)) return kept.bytes + bytes <= heldBytesMax(run);
  run.kept = null;
  return false;
}

/** The phase `components`, of a log that is not held: makes subjects and links of what was seen, and resolves the customers. */
export async function join(run: BuildRun): Promise<void> {
  run.beginPhase(0);
  const onStep = (done: number): void => run.report('components', done, JOIN_STEPS.length);
  await run.options.times.of('index', () =>
    run.transaction(async (tx) => {
      await run.own(tx);
      await addSeenCounts(tx);
      const next: BuildState = { ...run.state, phase: 'customers', customers: await joinSeen(tx, onStep) };
      await run.advance(tx, next);
      run.state = next;
    }),
  );
}

async function keepSeen(run: BuildRun, facts: PageFacts, links: LinksSeen, next: BuildState): Promise<void> {
  await run.transaction(async (tx) => {
    await run.own(tx);
    await writeSeen(tx, facts, links);
    await writeOtherFacts(tx, run, facts, next.phase === 'components');
    await run.advance(tx, next);
  });
  run.state = next;
}

/** Resolves the customers while all subjects and links are in memory, and writes them once. */
async function joinHeld(run: BuildRun, facts: PageFacts, links: LinksSeen, scanned: BuildState): Promise<void> {
  run.report('components', 0, 1);
  const joined = joinInMemory(facts.subjects, links, facts.erasures, facts.decisions);
  const next: BuildState = { ...scanned, phase: 'customers', customers: joined.customers.length };
  await run.transaction(async (tx) => {
    // First: what another process wrote in the meantime is no fault of these rows.
    await run.own(tx);
    await writeOtherFacts(tx, run, facts, true);
    await fillCounts(tx, countRows(facts.books));
    await insertRows(tx, SUBJECTS, joined.subjects);
    await insertRows(tx, LINKS, joined.links);
    await tx.exec(`${DROP_SEEN_TABLES} ANALYZE subjects; ANALYZE links;`);
    await run.advance(tx, next);
  });
  run.customers = joined.customers;
  run.state = next;
}

/** What the log holds beside touchpoints; the recounts of receipts when the scan is done. */
async function writeOtherFacts(
  tx: Transaction,
  { state: { upTo, asOf }, options: { log } }: BuildRun,
  facts: PageFacts,
  done: boolean,
): Promise<void> {
  await countOutcomes(tx, facts.receipts, done ? await recountsBetween(tx, 0, upTo) : []);
  await recordMentions(tx, facts.mentions);
  await recordMembershipChanges(tx, facts.memberships);
  await keepOtherBooks(tx, facts.books);
  await listQuarantine(tx, facts.quarantine);
  await recordOpenings(tx, facts.openings);
  await recordRestrictions(tx, facts.restrictions);
  for (const decision of facts.decisions) await recordDecision(tx, decision);
  await recordSuppressions(tx, facts.suppressions);
  if (done) await replaceQuarantinedIn(tx, log);
  await recordPolicies(tx, facts.policies);
  await recordTypes(tx, facts.types);
  await recordSegments(tx, facts.segments);
  await recordAttributeDefinitions(tx, facts.attributes, upTo);
  if (done) await forgetOpenings(tx, (await loadPolicies(tx)).timeline, asOf);
  const unreadable = facts.unreadable.map(({ event, subjectId, reason }): ParkedCustomer => ({
    customerId: subjectId,
    reason: 'unreadable-event',
    detail: `Position ${event.position}: ${reason}`,
  }));
  await park(tx, unreadable, upTo, asOf);
}
