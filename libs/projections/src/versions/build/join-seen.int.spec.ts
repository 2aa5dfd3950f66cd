import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LinkFact, SubjectFact } from '../../indexing/page-facts.js';
import { emptyFacts } from '../../indexing/page-facts.js';
import { SOURCE_COUNTS } from '../../read-models/completeness/table.js';
import { LINKS, SUBJECTS } from '../../read-models/links/table.js';
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
        await store.database.exec('DROP SCHEMA IF EXISTS rm_9 CASCADE; CREATE SCHEMA rm_9');
        const rows = await store.database.transaction(async (tx) => {
          await tx.query("SELECT set_config('search_path', 'rm_9', true)");
          for (const { migrations } of [SUBJECTS, LINKS, SOURCE_COUNTS])
            for (const sql of migrations) await tx.exec(sql);
          await tx.exec(SEEN_TABLES);
          // Written down after every fourth, as a long scan does it.
          for (let from = 0; from < touchpoints.length; from += 4) {
            const facts = emptyFacts();
            const links = new LinksSeen();
            const stretch = touchpoints.slice(from, from + 4).map(({ two, at, source }, n): LinkFact => {
              const position = from + n + 1;
              const [a, b] = two.map((each) => (WHO[each] as (typeof WHO)[0]).id).sort() as [string, string];
              for (const each of two) {
                const { id, namespace } = WHO[each] as (typeof WHO)[0];
                const fact = { subjectId: id, namespace, firstPosition: position, firstSeenAt: at, sealed: null };
                for (const known of [facts.subjects, all]) {
                  const before = known.get(id);
                  if (before === undefined) known.set(id, { ...fact });
                  else before.firstSeenAt = Math.min(before.firstSeenAt, at);
                }
              }
              return {
                ...{ a, b, occurredAt: at, recordedAt: at, source, id: `${position}` },
                ...{ type: 'site-visited', position },
              };
            });
            links.add(stretch);
            seen.add(stretch);
            await writeSeen(tx, facts, links);
          }
          const customers = await joinSeen(tx, () => undefined, page);
          const left = await tx.query(
            `SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'rm_9' AND relname LIKE '%seen%'`,
          );
          return {
            ...{ customers, left },
            subjects: await tx.query('SELECT * FROM subjects ORDER BY subject_id'),
            links: await tx.query(`${LINKS.semanticRows ?? ''}`),
          };
        });
        const expected = joinInMemory(all, seen, []);
        expect(rows.left).toEqual([]);
        expect(rows.customers).toBe(expected.customers.length);
        expect(rows.subjects).toEqual(expected.subjects);
        const counting = new Map(expected.links.map((row) => [`${String(row['a'])} ${String(row['b'])}`, row]));
        expect(rows.links).toHaveLength(counting.size);
        for (const row of rows.links) expect(row).toEqual(counting.get(`${String(row['a'])} ${String(row['b'])}`));
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});
