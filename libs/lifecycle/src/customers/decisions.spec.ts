import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { customersDecided, decisionsKnownAt, type IdentityDecision, type StatedLink } from './decisions.js';
import type { KnownSubject, ResolutionRules } from './resolve-customers.js';

const RULES: ResolutionRules = { uniqueNamespaces: ['userId'], keepApart: [], componentLimit: 100 };
const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

const subject = (subjectId: string, namespace = 'email'): KnownSubject => ({
  ...{ subjectId, namespace, firstPosition: subjectId.charCodeAt(0) },
});
const link = (a: string, b: string, position: number, occurredAt = position): StatedLink => ({
  ...{ a, b, occurredAt, source: 's', id: `${a}${b}${position}`, origin: 'touchpoint', position },
});
const decision = (
  kind: IdentityDecision['kind'],
  one: readonly string[],
  other: readonly string[],
  position: number,
  endedAt: number | null = null,
): IdentityDecision => ({
  ...{ decisionId: `${kind} ${position}`, kind, one, other, occurredAt: position, source: 'perennial' },
  ...{ id: `${kind} ${position}`, position, endedAt },
});
const customers = (links: readonly StatedLink[], decisions: readonly IdentityDecision[], ids = IDS) =>
  customersDecided(
    ids.map((id) => subject(id)),
    links,
    decisions,
    RULES,
  )
    .customers.map(({ subjects }) => subjects.join(''))
    .join(' ');

describe('what people decide about customers', () => {
  it('a merge makes one customer of two, and the id of the one that came first stays', () => {
    const { customerOf } = customersDecided(
      [subject('a'), subject('b'), subject('c')],
      [link('b', 'c', 1)],
      [decision('merge', ['c'], ['a'], 2)],
      RULES,
    );
    expect([...customerOf.values()]).toEqual(['a', 'a', 'a']);
  });

  it('an unmerge undoes a merge, and each event in between belongs where it would have belonged', () => {
    const links = [link('a', 'c', 1), link('b', 'd', 2), link('a', 'e', 4), link('f', 'b', 5)];
    const merge = decision('merge', ['a'], ['b'], 3);
    expect(customers(links, [merge])).toBe('abcdef g');
    expect(customers(links, [merge, decision('unmerge', ['a'], ['b'], 6)])).toBe('ace bdf g');
  });

  it('an unmerge stands as a keep-apart: the next login does not undo it', () => {
    const unmerge = decision('unmerge', ['a'], ['b'], 2);
    expect(customers([link('a', 'b', 1), link('a', 'b', 3)], [unmerge], ['a', 'b'])).toBe('a b');
    expect(customers([link('a', 'c', 1), link('c', 'b', 3)], [unmerge], ['a', 'b', 'c'])).toBe('ac b');
  });

  it('lifted, it lets links join that came after it; those that it revoked stay revoked', () => {
    const lifted = decision('unmerge', ['a'], ['b'], 2, 3);
    expect(customers([link('a', 'b', 1)], [lifted], ['a', 'b'])).toBe('a b');
    expect(customers([link('a', 'b', 1), link('a', 'b', 4)], [lifted], ['a', 'b'])).toBe('ab');
  });

  it('a keep-apart revokes nothing: lifted, it leaves what would be without it', () => {
    const links = [link('a', 'b', 1)];
    expect(customers(links, [decision('keep-apart', ['a'], ['b'], 2)], ['a', 'b'])).toBe('a b');
    expect(customers(links, [decision('keep-apart', ['a'], ['b'], 2, 3)], ['a', 'b'])).toBe('ab');
  });

  it('a link between sides that are kept apart is rejected for that reason, before any rule', () => {
    const { rejected } = customersDecided(
      [subject('a', 'userId'), subject('b', 'userId')],
      [link('a', 'b', 1)],
      [decision('keep-apart', ['a'], ['b'], 2)],
      RULES,
    );
    expect(rejected.map(({ reason }) => reason)).toEqual(['kept-apart']);
  });

  it('are known from their place in the log on, and stand as they stood then', () => {
    const decisions = [decision('merge', ['a'], ['b'], 2, 5), decision('unmerge', ['a'], ['b'], 5, 8)];
    const at = (position: number) => customers([], decisionsKnownAt(decisions, position), ['a', 'b']);
    expect([1, 2, 4, 5, 8].map(at)).toEqual(['a b', 'ab', 'ab', 'a b', 'a b']);
    expect(decisionsKnownAt(decisions, 5).map(({ endedAt }) => endedAt)).toEqual([5, null]);
  });
});

describe('for any events', () => {
  const names = fc.constantFrom(...IDS);
  const world = fc.record({
    namespaces: fc.array(fc.constantFrom('userId', 'email', 'deviceId'), { minLength: 7, maxLength: 7 }),
    pairs: fc.array(fc.tuple(names, names, fc.integer({ min: 0, max: 3 })), { maxLength: 12 }),
    sides: fc.uniqueArray(names, { minLength: 2, maxLength: 2 }),
    mergedAt: fc.integer({ min: 0, max: 12 }),
    lasts: fc.integer({ min: 0, max: 12 }),
  });

  it('a merge that is undone is as if it had never been, for every link before, between and after', () => {
    let apart = 0;
    fc.assert(
      fc.property(world, ({ namespaces, pairs, sides: [one = '', other = ''], mergedAt, lasts }) => {
        const subjects = IDS.map((id, at) => subject(id, namespaces[at]));
        // Positions leave room for the decisions between any two links.
        const links = pairs.map(([a, b, occurredAt], at) => link(a, b, at * 10, occurredAt));
        const never = customersDecided(subjects, links, [], RULES);
        // Subjects that the links join anyway show nothing of the merge.
        if (never.customerOf.get(one) === never.customerOf.get(other)) return;
        apart += 1;
        const [from, to] = [mergedAt * 10 + 5, (mergedAt + lasts) * 10 + 6];
        const decisions = [decision('merge', [one], [other], from, to), decision('unmerge', [one], [other], to)];
        const { customers, customerOf, rejected, oversized } = customersDecided(subjects, links, decisions, RULES);
        expect({ customers, customerOf, oversized }).toEqual({
          customers: never.customers,
          customerOf: never.customerOf,
          oversized: never.oversized,
        });
        // A conflict between the very subjects that are kept apart is decided with it.
        const others = (list: typeof rejected) =>
          list.map(({ link: each }) => each).filter(({ a, b }) => ![one, other].every((id) => id === a || id === b));
        expect(others(rejected)).toEqual(others(never.rejected));
      }),
      { numRuns: 1_000 },
    );
    expect(apart).toBeGreaterThan(200);
  });

  it('the order in which links and decisions are told does not matter, and no side of a standing decision is crossed', () => {
    const decided = fc.array(
      fc.record({
        kind: fc.constantFrom<IdentityDecision['kind']>('merge', 'unmerge', 'keep-apart'),
        sides: fc.uniqueArray(names, { minLength: 2, maxLength: 2 }),
        lifted: fc.boolean(),
      }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(world, decided, fc.infiniteStream(fc.nat()), ({ namespaces, pairs }, given, random) => {
        const subjects = IDS.map((id, at) => subject(id, namespaces[at]));
        const links = pairs.map(([a, b, occurredAt], at) => link(a, b, at * 10, occurredAt));
        const decisions = given.map(({ kind, sides: [one = '', other = ''], lifted }, at) =>
          decision(kind, [one], [other], at * 25 + 5, lifted && kind !== 'merge' ? at * 25 + 7 : null),
        );
        const shuffled = <T>(items: readonly T[]): T[] =>
          items
            .map((item) => ({ item, key: random.next().value as number }))
            .sort((x, y) => x.key - y.key)
            .map(({ item }) => item);
        const known = customersDecided(subjects, links, decisions, RULES);
        const again = customersDecided(shuffled(subjects), shuffled([...links, ...links]), shuffled(decisions), RULES);
        expect(again.customers).toEqual(known.customers);
        for (const { kind, one, other, endedAt } of decisions)
          if (kind !== 'merge' && endedAt === null)
            expect(known.customerOf.get(one[0] ?? '')).not.toBe(known.customerOf.get(other[0] ?? ''));
      }),
      { numRuns: 1_000 },
    );
  });
});
