import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareEvents, foldCustomer, policyTimeline } from '#lifecycle';
import { lifecycleEventOf } from '../reading/life.js';
import { cancelled, day, iso, order, specEngine, type SpecEngine, type TestTouchpoint } from '../testdata/engine.js';

/** People of one property run: apart from those of every other. */
let run = 0;

const DAYS = 400;
const step = fc.record({
  who: fc.nat(3),
  at: fc.nat(DAYS - 1),
  what: fc.constantFrom('site-visited', 'product-viewed', 'order-placed', 'order-cancelled'),
  link: fc.boolean(),
});

/** Random touchpoints of a few people who have a user id and an email, not always told together. */
function told(
  steps: readonly { who: number; at: number; what: string; link: boolean }[],
  prefix: string,
): TestTouchpoint[] {
  return steps.map(({ who, at, what, link }, index): TestTouchpoint => {
    const user = { userId: `${prefix}-${who}` };
    const mail = { email: `${prefix}-${who}@example.com` };
    const named = link ? { ...user, ...mail } : index % 2 === 0 ? user : mail;
    if (what === 'order-placed') return order(named, day(at), `${prefix}-${index}`);
    if (what === 'order-cancelled')
      return { ...cancelled(named, day(at), `${prefix}-${Math.floor(index / 2)}`), id: `${prefix}-${index}` };
    return { who: named, at: day(at), type: what, id: `${prefix}-${index}`, data: { sku: 'tea' } };
  });
}

describe('for any history', () => {
  let engine: SpecEngine;
  beforeAll(async () => {
    engine = await specEngine();
  }, 60_000);
  afterAll(() => engine.close());

  it('the stage at (asOf, knownAt) is the fold of what had happened by the one and was recorded by the other', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.nat(DAYS),
        fc.nat(12),
        async (steps, at, known) => {
          const prefix = `p${run++}`;
          const start = engine.now;
          for (const one of told(steps, prefix)) {
            engine.now += 1_000;
            await engine.record(one);
          }
          engine.now += 1_000;
          await engine.catchUp();
          const knownAt = start + known * 1_000;
          for (let who = 0; who < 4; who += 1) {
            const user = engine.subjectId('userId', `${prefix}-${who}`);
            const mail = engine.subjectId('email', `${prefix}-${who}@example.com`);
            const all = (await engine.log.readStreams([`subject-${user}`, `subject-${mail}`])).filter(
              ({ recordedAt }) => recordedAt <= knownAt,
            );
            const linked = all.some(({ meta }) => meta.includes(user) && meta.includes(mail));
            const events = all
              .filter(({ stream }) => linked || stream === `subject-${user}`)
              .map(lifecycleEventOf)
              .sort(compareEvents);
            const { view } = foldCustomer({ events, policies: policyTimeline([]), asOf: day(at) });
            const asked = engine.runQuery('stage', { customer: user, 'as-of': iso(day(at)), 'known-at': iso(knownAt) });
            if (!(await isKnown(engine, user))) await expect(asked).rejects.toThrow(/names no known customer/);
            else {
              const { rows } = await asked;
              expect(rows.map(({ phase, cycle, orders }) => ({ phase, cycle, orders }))).toEqual(
                view === null ? [] : [{ phase: view.phase, cycle: view.cycle, orders: view.orders }],
              );
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  }, 120_000);

  it('the stage periods of all at an instant are what each history tells at that instant', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(DAYS), fc.integer({ min: 1, max: 7 }), async (at, pageSize) => {
        const asOf = iso(day(at));
        const rows = await engine.all('stage-periods', { 'as-of': asOf }, pageSize * 20);
        const customers = new Set((await engine.all('customers')).map(({ customerId }) => String(customerId)));
        const sample = [...customers].filter((_, index) => index % 7 === at % 7);
        for (const customer of sample) {
          const history = await engine.all('history', { customer, 'as-of': asOf });
          const short = ({ phase, cycle, enteredAt, leftAt }: Readonly<Record<string, unknown>>) => ({
            phase,
            cycle,
            enteredAt,
            leftAt,
          });
          expect(rows.filter(({ customerId }) => customerId === customer).map(short)).toEqual(history.map(short));
        }
      }),
      { numRuns: 8 },
    );
  }, 120_000);

  it('pages give each customer once, in a stable order, while others come and go', async () => {
    const before = (await engine.all('customers')).map(({ customerId }) => customerId);
    for (const pageSize of [1, 3, 10]) {
      const seen: unknown[] = [];
      for (let cursor: string | null = '', page = 0; cursor !== null; page += 1) {
        const answer = await engine.runQuery('customers', {
          limit: String(pageSize),
          ...(cursor === '' ? {} : { cursor }),
        });
        seen.push(...answer.rows.map(({ customerId }) => customerId));
        cursor = answer.nextCursor;
        // A new customer, and a customer that moves, between any two pages.
        if (page % 5 === 0) {
          engine.now += 1_000;
          await engine.tell(
            { who: { userId: `new-${run++}` }, at: day(DAYS - 1), type: 'site-visited' },
            order({ userId: 'p0-0' }, day(DAYS - 1), `moving-${run++}`),
          );
        }
      }
      expect(new Set(seen).size).toBe(seen.length);
      expect([...seen].sort()).toEqual(seen);
      expect(seen).toEqual(expect.arrayContaining(before));
    }
  }, 120_000);
});

async function isKnown(engine: SpecEngine, subjectId: string): Promise<boolean> {
  const rows = await engine.database.query('SELECT 1 FROM rm_1.subjects WHERE subject_id = $1', [subjectId]);
  return rows.length > 0;
}
