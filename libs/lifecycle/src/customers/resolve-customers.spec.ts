import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { resolveCustomers, type CustomerLink, type KnownSubject, type ResolutionRules } from './resolve-customers.js';

const RULES: ResolutionRules = { uniqueNamespaces: ['userId'], keepApart: [], componentLimit: 100 };
const subject = (subjectId: string, namespace = 'email', firstPosition = subjectId.charCodeAt(0)): KnownSubject => ({
  subjectId,
  namespace,
  firstPosition,
});
const link = (a: string, b: string, occurredAt = 0, origin: CustomerLink['origin'] = 'touchpoint'): CustomerLink => ({
  a,
  b,
  occurredAt,
  source: 's',
  id: `${a}${b}`,
  origin,
});
const customers = (...given: Parameters<typeof resolveCustomers>) =>
  resolveCustomers(...given).customers.map(({ customerId, subjects }) => `${customerId}: ${subjects.join(' ')}`);

describe('customers', () => {
  it('are the connected components of subjects', () => {
    const subjects = ['a', 'b', 'c', 'd'].map((id) => subject(id));
    expect(customers(subjects, [link('a', 'b'), link('b', 'c')], RULES)).toEqual(['a: a b c', 'd: d']);
  });

  it('are named after the subject that is lowest in the log, and stand in digests as the smallest', () => {
    const subjects = [subject('a', 'email', 9), subject('b', 'email', 2)];
    const { customers, customerOf } = resolveCustomers(subjects, [link('a', 'b')], RULES);
    expect(customers).toEqual([{ customerId: 'b', digestId: 'a', subjects: ['a', 'b'] }]);
    expect([...customerOf]).toEqual([
      ['a', 'b'],
      ['b', 'b'],
    ]);
  });

  it('have one value of a unique namespace: the later link is refused', () => {
    const subjects = [subject('u', 'userId'), subject('v', 'userId'), subject('d', 'deviceId')];
    const { customerOf, rejected } = resolveCustomers(subjects, [link('v', 'd', 2), link('u', 'd', 1)], RULES);
    expect([customerOf.get('d') === customerOf.get('u'), customerOf.get('d') === customerOf.get('v')]).toEqual([
      true,
      false,
    ]);
    expect(rejected).toEqual([{ link: link('v', 'd', 2), reason: 'unique-namespace' }]);
  });

  it.each([
    ['source', { source: 'a', id: '2' }, { source: 'b', id: '1' }, 'v'],
    ['id', { source: 's', id: '1' }, { source: 's', id: '2' }, 'v'],
    ['pair, within one event', { source: 's', id: '1' }, { source: 's', id: '1' }, 'u'],
  ])('take links of one instant in the order of their %s', (_, ofV, ofU, expected) => {
    const subjects = [subject('u', 'userId'), subject('v', 'userId'), subject('d', 'deviceId')];
    const links = [
      { ...link('d', 'v'), ...ofV },
      { ...link('u', 'd'), ...ofU },
    ];
    for (const given of [links, links.toReversed()]) {
      const { customerOf } = resolveCustomers(subjects, given, RULES);
      expect(['u', 'v'].filter((user) => customerOf.get(user) === customerOf.get('d'))).toEqual([expected]);
    }
  });

  it('are kept apart where a person decided so, also by way of others', () => {
    const subjects = ['a', 'b', 'x', 'y'].map((id) => subject(id));
    const rules = { ...RULES, keepApart: [{ one: ['a', 'x'], other: ['b'] }] };
    const { customerOf, rejected } = resolveCustomers(
      subjects,
      [link('a', 'y', 1), link('y', 'b', 2), link('x', 'b', 3)],
      rules,
    );
    expect(rejected.map(({ link, reason }) => `${link.a}-${link.b} ${reason}`)).toEqual([
      'y-b kept-apart',
      'x-b kept-apart',
    ]);
    expect(customerOf.get('a')).toBe(customerOf.get('y'));
  });

  it('of a component beyond the limit keep the links that a person or a login made', () => {
    const subjects = ['a', 'b', 'c', 'd'].map((id) => subject(id));
    const links = [link('a', 'b', 1), link('b', 'c', 2, 'identify'), link('c', 'd', 3, 'operator')];
    const resolution = resolveCustomers(subjects, links, { ...RULES, componentLimit: 3 });
    expect(resolution.oversized).toEqual([['a', 'b', 'c', 'd']]);
    expect(resolution.customers.map(({ subjects }) => subjects)).toEqual([['a'], ['b', 'c', 'd']]);
    expect(resolution.rejected.map(({ reason }) => reason)).toEqual(['component-too-large']);
  });

  it.each([
    ['the single subject first', link('u', 'd', 2)],
    ['the larger component first', link('d', 'u', 2)],
  ])('keep their unique value when a larger component takes them in: %s', (_, second) => {
    const subjects = [subject('u', 'userId'), subject('v', 'userId'), subject('d'), subject('e')];
    const late = link('v', 'e', 3);
    expect(resolveCustomers(subjects, [link('d', 'e', 1), second, late], RULES).rejected).toEqual([
      { link: late, reason: 'unique-namespace' },
    ]);
  });

  it('have one value of each unique namespace, and keep all of them', () => {
    const subjects = [subject('u', 'userId'), subject('v', 'userId'), subject('l', 'loyaltyId')];
    const rules = { ...RULES, uniqueNamespaces: ['userId', 'loyaltyId'] };
    const late = link('l', 'v', 2);
    const { customerOf, rejected } = resolveCustomers(subjects, [link('u', 'l', 1), late], rules);
    expect(customerOf.get('l')).toBe(customerOf.get('u'));
    expect(rejected).toEqual([{ link: late, reason: 'unique-namespace' }]);
  });

  it('may join on one side of a decision, and are kept apart from either side, by each decision', () => {
    const subjects = ['a', 'b', 'c', 'x'].map((id) => subject(id));
    const keepApart = [
      { one: ['a', 'x'], other: ['b'] },
      { one: ['a'], other: ['c'] },
    ];
    const links = [link('a', 'x', 1), link('b', 'a', 2), link('a', 'c', 3)];
    const resolution = resolveCustomers(subjects, links, { ...RULES, keepApart });
    expect(resolution.customers.map(({ subjects }) => subjects)).toEqual([['a', 'x'], ['b'], ['c']]);
    expect(resolution.rejected.map(({ reason }) => reason)).toEqual(['kept-apart', 'kept-apart']);
  });

  it('of as many subjects as the limit keep every link; beyond it, a link within a customer is not rejected', () => {
    const subjects = ['a', 'b', 'c'].map((id) => subject(id));
    const links = [link('a', 'b', 1), link('b', 'c', 2, 'identify'), link('c', 'b', 3)];
    expect(resolveCustomers(subjects, links, { ...RULES, componentLimit: 3 })).toMatchObject({
      rejected: [],
      oversized: [],
    });
    expect(resolveCustomers(subjects, links, { ...RULES, componentLimit: 2 }).rejected.map(({ link }) => link)).toEqual(
      [links[0]],
    );
  });

  it('are sorted by customerId', () => {
    const subjects = [subject('a', 'email', 9), subject('b', 'email', 5), subject('z', 'email', 1)];
    expect(customers(subjects, [link('a', 'z')], RULES)).toEqual(['b: b', 'z: a z']);
  });

  it('leave out links to unknown subjects', () => {
    expect(customers([subject('a')], [link('a', 'z')], RULES)).toEqual(['a: a']);
  });

  it('are the same for any order in which subjects and links are given, and for links told twice', () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const names = fc.constantFrom(...ids);
    const world = fc.record({
      namespaces: fc.array(fc.constantFrom('userId', 'email', 'deviceId'), { minLength: 7, maxLength: 7 }),
      pairs: fc.array(
        fc.tuple(names, names, fc.integer({ min: 0, max: 3 }), fc.constantFrom('touchpoint', 'identify')),
        {
          maxLength: 12,
        },
      ),
      apart: fc.uniqueArray(names, { maxLength: 2 }),
      limit: fc.integer({ min: 3, max: 7 }),
    });
    fc.assert(
      fc.property(world, fc.infiniteStream(fc.nat()), ({ namespaces, pairs, apart, limit }, random) => {
        const subjects = ids.map((id, index) => subject(id, namespaces[index]));
        const links = pairs.map(([a, b, at, origin]) => link(a, b, at, origin as CustomerLink['origin']));
        const [one, other] = apart;
        const keepApart = one === undefined || other === undefined ? [] : [{ one: [one], other: [other] }];
        const rules = { ...RULES, keepApart, componentLimit: limit };
        const shuffled = <T>(items: readonly T[]) =>
          items
            .map((item) => ({ item, key: random.next().value as number }))
            .sort((x, y) => x.key - y.key)
            .map(({ item }) => item);
        const known = resolveCustomers(subjects, links, rules);
        const again = resolveCustomers(shuffled(subjects), shuffled([...links, ...links]), rules);
        expect(again.customers).toEqual(known.customers);
        expect(again.oversized).toEqual(known.oversized);
        for (const { subjects: together } of known.customers) {
          expect(together.filter((id) => namespaces[ids.indexOf(id)] === 'userId').length).toBeLessThanOrEqual(1);
          expect(keepApart.length > 0 && together.includes(one ?? '') && together.includes(other ?? '')).toBe(false);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
