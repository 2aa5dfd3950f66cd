import { describe, expect, it } from '@jest/globals';
import type { LinkFact, SubjectFact } from '../../indexing/page-facts.js';
import { day } from '../../testdata/touchpoints.js';
import { linkRow, linksThatCount, resolve, subjectRow, type LinkRow } from './projection.js';
import { LINKS, SUBJECTS } from './table.js';

const link = (over: Partial<LinkFact> = {}): LinkFact => ({
  ...{
    a: 'a',
    b: 'b',
    occurredAt: day(5),
    recordedAt: day(6),
    source: 'shop',
    id: 'e1',
    type: 'site-visited',
    origin: 'touchpoint' as const,
    position: 1,
  },
  ...over,
});
/** The row as the tables give it back. */
const stored = (over: Partial<LinkFact> = {}): LinkRow => linkRow(link(over)) as LinkRow;

describe('the rows of subjects and links', () => {
  it('given a new subject, make it a customer of its own', () => {
    const fact: SubjectFact = {
      subjectId: 'a',
      namespace: 'email',
      firstPosition: 4,
      firstSeenAt: day(1),
      sealed: 'sealed:x',
    };
    expect(subjectRow(fact)).toEqual({
      ...{ subject_id: 'a', namespace: 'email', customer_id: 'a', first_position: 4, first_seen_at: day(1) },
      ...{ sealed: 'sealed:x', erased_at: null },
    });
    expect(Object.keys(subjectRow(fact)).sort()).toEqual(Object.keys(SUBJECTS.columns).sort());
  });

  it('given two identifiers in one touchpoint, name both, the event, and no rejection yet', () => {
    expect(linkRow(link())).toEqual({
      ...{ a: 'a', b: 'b', occurred_at: day(5), recorded_at: day(6), source: 'shop', event_id: 'e1' },
      ...{ origin: 'touchpoint', rejected: null, position: 1, revoked_position: null },
    });
    expect(Object.keys(linkRow(link())).sort()).toEqual(Object.keys(LINKS.columns).sort());
  });
});

describe('of the links of a pair', () => {
  const kept = (links: readonly LinkFact[], known: readonly LinkFact[] = []) =>
    linksThatCount(links, known).map(({ id }) => id);

  it('the first counts, and a later one or the same one again does not', () => {
    const first = link();
    expect(kept([first, link({ id: 'e2', occurredAt: day(7), position: 2 }), first])).toEqual(['e1']);
    expect(kept([first], [first])).toEqual([]);
  });

  it('one that becomes known late and is earlier counts as well', () => {
    const late = link({ id: 'e2', occurredAt: day(4), position: 2 });
    expect(kept([link(), late])).toEqual(['e1', 'e2']);
    expect(kept([late], [link()])).toEqual(['e2']);
  });

  it('at one instant the source decides, and then the id', () => {
    const app = link({ source: 'app', id: 'e9', position: 2 });
    expect(kept([app], [link()])).toEqual(['e9']);
    expect(kept([link()], [app])).toEqual([]);
    expect(kept([link({ id: 'e0', position: 3 })], [link()])).toEqual(['e0']);
  });

  it('sources are compared as UTF-8 bytes, as the database does', () => {
    // In UTF-16 the surrogates of the emoji sort before U+E000; its UTF-8 bytes sort after.
    const emoji = link({ source: '\u{1F381} shop', id: 'emoji', position: 2 });
    const privateUse = link({ source: '\uE000 shop', id: 'private', position: 3 });
    expect(kept([privateUse], [emoji])).toEqual(['private']);
    expect(kept([emoji], [privateUse])).toEqual([]);
  });

  it('those of other pairs do not matter', () => {
    expect(kept([link(), link({ b: 'c', id: 'e2', occurredAt: day(9) })])).toEqual(['e1', 'e2']);
  });
});

describe('customers', () => {
  const subject = (id: string, namespace: string, position: number) => ({
    ...{ subject_id: id, namespace, customer_id: id, first_position: position },
  });
  const device = subject('d', 'deviceId', 3);
  const [anna, ben] = [subject('a', 'userId', 1), subject('b', 'userId', 2)];

  it('are merged by a link, under the subject with the lowest position', () => {
    const { customerOf, rejections } = resolve([device, anna], [stored({ a: 'a', b: 'd' })], []);
    expect([...customerOf]).toEqual(
      expect.arrayContaining([
        ['a', 'a'],
        ['d', 'a'],
      ]),
    );
    expect(rejections.size).toBe(0);
  });

  it('of two users that share a device keep the earlier link; the later one is rejected with the reason', () => {
    const links = [stored({ a: 'a', b: 'd' }), stored({ a: 'b', b: 'd', id: 'e2', occurredAt: day(6), position: 2 })];
    const { customerOf, rejections } = resolve([anna, ben, device], links, []);
    expect(customerOf.get('d')).toBe('a');
    expect(customerOf.get('b')).toBe('b');
    expect([...rejections]).toEqual([['b d touchpoint', 'unique-namespace']]);
  });

  it('of two links at one instant keep that of the lower source, for any order of arrival', () => {
    const links = [stored({ a: 'a', b: 'd' }), stored({ a: 'b', b: 'd', source: 'app', id: 'e2', position: 2 })];
    for (const given of [links, [...links].reverse()]) {
      const { customerOf, rejections } = resolve([anna, ben, device], given, []);
      expect(customerOf.get('d')).toBe('b');
      expect([...rejections]).toEqual([['a d touchpoint', 'unique-namespace']]);
    }
  });
});
