import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Row } from '#database';
import type { RecordedEvent } from '#event-log';
import type { LinkFact, SubjectFact } from '../../indexing/page-facts.js';
import { emptyFacts } from '../../indexing/page-facts.js';
import { SOURCE_COUNTS } from '../../read-models/completeness/table.js';
import { recordDecision } from '../../read-models/links/decisions.js';
import { KEPT_APART, LINKS, SUBJECTS } from '../../read-models/links/table.js';
import { decided } from '../../testdata/decisions.js';
import { day, subject } from '../../testdata/touchpoints.js';
import { joinInMemory } from './components.js';
import { joinSeen } from './join-seen.js';
import { LinksSeen } from './links-seen.js';
import { SEEN_TABLES, writeSeen } from './seen-tables.js';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';

/** Logins, of which a customer has one at most, and what several may share. */
const WHO = ['userId', 'deviceId', 'anonymousId'].flatMap((namespace) =>
  [0, 1, 2, 3, 4, 5].map((n) => ({ namespace, id: subject(namespace, `${n}`) })),
);

/** Touchpoints that each carry two of them, in the order of the log; several at one instant. */
const told = fc.array(
  fc.record({
    two: fc.uniqueArray(fc.nat(WHO.length - 1), { minLength: 2, maxLength: 2 }),
    at: fc.nat(5).map(day),
    source: fc.constantFrom('shop', 'app', '\u{1F381} shop', '\uE000 shop'),
    // Most of them are touchpoints; a few are decisions of operators about the two.
    what: fc.constantFrom('seen', 'seen', 'seen', 'merge', 'unmerge', 'keep-apart', 'lift'),
  }),
  { maxLength: 60 },
);

describeOnEachStore('who belongs together, found out in the database', (name) => {
  let store: OpenedStore;
  beforeAll(async () => {
    store = await openStore(name);
  }, 120_000);
  afterAll(async () => {
    await store.stop();
  });

  it('is as it is where everything is at hand, however little is looked at at once', async () => {
    await fc.assert(
      fc.asyncProperty(told, fc.integer({ min: 1, max: 9 }), async (touchpoints, page) => {
        const all = new Map<string, SubjectFact>();
        const seen = new LinksSeen();
        const everyDecision: RecordedEvent[] = [];
        await store.database.exec('DROP SCHEMA IF EXISTS rm_9 CASCADE; CREATE SCHEMA rm_9');
        const rows = await store.database.transaction(async (tx) => {
          await tx.query("SELECT set_config('search_path', 'rm_9', true)");
          for (const { migrations } of [SUBJECTS, LINKS, KEPT_APART, SOURCE_COUNTS])
            for (const sql of migrations) await tx.exec(sql);
          await tx.exec(SEEN_TABLES);
          // Written down after every fourth, as a long scan does it.
          for (let from = 0; from < touchpoints.length; from += 4) {
            const facts = emptyFacts();
            const links = new LinksSeen();
            const decisions: RecordedEvent[] = [];
            const stretch = touchpoints.slice(from, from + 4).flatMap(({ two, at, source, what }, n): LinkFact[] => {
              const position = from + n + 1;
              const [a, b] = two.map((each) => (WHO[each] as (typeof WHO)[0]).id).sort() as [string, string];
              if (what !== 'seen') {
                const before = everyDecision.at(-1);
                const event =
                  what === 'lift'
                    ? before === undefined
                      ? null
                      : decided(
                          'lift',
                          [a],
                          [b],
                          position,
                          at,
                          (JSON.parse(before.data) as { decisionId: string }).decisionId,
                        )
                    : decided(what, [a], [b], position, at);
                if (event === null) return [];
                decisions.push(event);
                everyDecision.push(event);
                if (what !== 'merge') return [];
              }
              for (const each of two) {
                const { id, namespace } = WHO[each] as (typeof WHO)[0];
                const fact = { subjectId: id, namespace, firstPosition: position, firstSeenAt: at, sealed: null };
                for (const known of [facts.subjects, all]) {
                  const before = known.get(id);
                  if (before === undefined) known.set(id, { ...fact });
                  else before.firstSeenAt = Math.min(before.firstSeenAt, at);
                }
              }
              const origin = what === 'merge' ? 'operator' : 'touchpoint';
              return [
                {
                  ...{ a, b, occurredAt: at, recordedAt: at, source, id: `${position}` },
                  ...{ type: 'site-visited', origin, position },
                },
              ];
            });
            links.add(stretch, decisions);
            seen.add(stretch, decisions);
            await writeSeen(tx, facts, links);
            for (const decision of decisions) await recordDecision(tx, decision);
          }
          const customers = await joinSeen(tx, () => undefined, page);
          const left = await tx.query(
            `SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'rm_9' AND relname LIKE '%seen%'`,
          );
          return {
            ...{ customers, left },
            subjects: await tx.query('SELECT * FROM subjects ORDER BY subject_id'),
            links: await tx.query(`${LINKS.semanticRows ?? ''}`),
            revoked: await tx.query(
              'SELECT position, revoked_position FROM links WHERE revoked_position IS NOT NULL ORDER BY position',
            ),
          };
        });
        const expected = joinInMemory(all, seen, [], everyDecision);
        expect(rows.left).toEqual([]);
        expect(rows.customers).toBe(expected.customers.length);
        expect(rows.subjects).toEqual(expected.subjects);
        const kindOf = (row: Row): string => `${String(row['a'])} ${String(row['b'])} ${String(row['origin'])}`;
        const counting = new Map(
          expected.links.filter((row) => row['revoked_position'] === null).map((row) => [kindOf(row), row]),
        );
        expect(rows.links).toHaveLength(counting.size);
        for (const row of rows.links) expect(row).toEqual(counting.get(kindOf(row)));
        expect(rows.revoked).toEqual(
          expected.links
            .filter((row) => row['revoked_position'] !== null)
            .map((row) => ({ position: row['position'], revoked_position: row['revoked_position'] })),
        );
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});
