import { describe, expect, it } from '@jest/globals';
import type { AppendItem } from '#event-log';
import { recorded } from '../testdata/folded.js';
import { day, order, subject, touchpoint } from '../testdata/touchpoints.js';
import { emptyFacts, gather, type PageFacts } from './page-facts.js';

const ANNA = { userId: 'anna' };
const anna = subject('userId', 'anna');
const browser = subject('anonymousId', 'browser');

const factsOf = (...items: AppendItem[]): PageFacts => gather(emptyFacts(), recorded(items));
const visit = (who: Record<string, string>, at: number) => touchpoint({ who, at: day(at), type: 'site-visited' });

describe('the facts of a page', () => {
  it('hold each subject once, with its first position and its earliest instant', () => {
    const { subjects } = factsOf(visit(ANNA, 5), visit(ANNA, 3), visit(ANNA, 4));
    expect([...subjects.values()]).toEqual([
      { subjectId: anna, namespace: 'userId', firstPosition: 1, firstSeenAt: day(3), sealed: 'sealed:anna' },
    ]);
  });

  it('hold the earliest instant of a subject that later touchpoints carry beside another', () => {
    const both = { anonymousId: 'browser', ...ANNA };
    const { subjects } = factsOf(visit(both, 5), visit({ ...ANNA, deviceId: 'phone' }, 2), visit(both, 4));
    expect([...subjects].map(([id, { firstSeenAt }]) => [id, firstSeenAt])).toEqual([
      [browser, day(4)],
      [anna, day(2)],
      [subject('deviceId', 'phone'), day(2)],
    ]);
  });

  it('link the subjects of one touchpoint, the smaller id first, whichever identifier is the stronger', () => {
    const both = { ...ANNA, anonymousId: 'browser' };
    const [a, b] = [anna, browser].toSorted();
    const { links, touched } = factsOf(
      order(ANNA, day(1), 'A1'),
      visit(both, 2),
      visit({ anonymousId: 'browser', ...ANNA }, 3),
    );
    expect(links.map((link) => ({ a: link.a, b: link.b, at: link.occurredAt, position: link.position }))).toEqual([
      { a, b, at: day(2), position: 2 },
      { a, b, at: day(3), position: 3 },
    ]);
    expect([...touched].map(([id, events]) => [id, events.map(({ position }) => position)])).toEqual([
      [anna, [1, 2]],
      [browser, [3]],
    ]);
  });

  it('link nothing by test traffic: it would merge customers', () => {
    const { subjects, links } = factsOf(
      touchpoint({ who: { ...ANNA, email: 'ben' }, at: day(2), type: 'site-visited', test: true }),
    );
    expect(links).toEqual([]);
    expect([...subjects.keys()]).toEqual([anna]);
  });

  it('neither link nor list an identifier of another role', () => {
    const item = visit({ ...ANNA, email: 'ben' }, 2);
    const meta = JSON.parse(item.event.meta) as { identifiers: { role: string }[] };
    const identifiers = meta.identifiers.map((one, i) => (i === 1 ? { ...one, role: 'referee' } : one));
    const { subjects, links } = factsOf({
      ...item,
      event: { ...item.event, meta: JSON.stringify({ ...meta, identifiers }) },
    });
    expect([...subjects.keys()]).toEqual([anna]);
    expect(links).toEqual([]);
  });

  it('leave the touchpoints out where only links are wanted', () => {
    const facts = gather(emptyFacts(), recorded([visit({ ...ANNA, anonymousId: 'browser' }, 2)]), false);
    expect(facts.touched.size).toBe(0);
    expect(facts.links).toHaveLength(1);
  });
});
