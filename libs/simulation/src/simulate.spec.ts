import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { parseInstant, TOUCHPOINT_TYPES, touchpointType, validateEnvelope, validateTouchpointData } from '#contracts';
import { ARCHETYPES, simulateCustomers, simulateTouchpoints } from './simulate.js';

const FROM = Date.UTC(2024, 0, 1);
const UNTIL = Date.UTC(2026, 0, 1);
const period = { from: FROM, until: UNTIL };

const digestOf = (seed: number, customers: number): string => {
  const hash = createHash('sha256');
  for (const touchpoint of simulateTouchpoints({ seed, customers, ...period })) hash.update(JSON.stringify(touchpoint));
  return hash.digest('hex');
};

describe('the simulation', () => {
  const customers = [...simulateCustomers({ seed: 1, customers: 2000, ...period })];
  const touchpoints = customers.flatMap((customer) => customer.touchpoints);

  it('gives 100,000 to 150,000 touchpoints for two years of 2,000 customers, of every type and every archetype', () => {
    expect(touchpoints.length).toBeGreaterThan(100_000);
    expect(touchpoints.length).toBeLessThan(150_000);
    expect([...new Set(touchpoints.map((touchpoint) => touchpoint.type))].sort()).toEqual(
      TOUCHPOINT_TYPES.map((type) => type.name).sort(),
    );
    expect([...new Set(customers.map((customer) => customer.archetype))].sort()).toEqual(
      ARCHETYPES.map((archetype) => archetype.name).sort(),
    );
  });

  it('gives companies and households of several customers, under ids of their own for each seed', () => {
    const joined = touchpoints.filter(({ type }) => type === 'account-joined');
    const members = new Map<string, number>();
    for (const { data } of joined) {
      const account = String(data['accountId']);
      members.set(account, (members.get(account) ?? 0) + 1);
    }
    const shared = [...members].filter(([, count]) => count > 1).map(([account]) => account.split('-')[0]);
    expect([...new Set(shared)].sort()).toEqual(['company', 'household']);
    expect(shared.length).toBeGreaterThan(20);
    const [other] = [...simulateTouchpoints({ seed: 2, customers: 200, ...period })]
      .filter(({ type }) => type === 'account-joined')
      .map(({ data }) => String(data['accountId']));
    expect(members.has(other ?? '')).toBe(false);
  });

  it('gives only touchpoints that the contracts accept', () => {
    const faults = new Map<string, unknown>();
    for (const touchpoint of touchpoints) {
      const version = touchpointType(touchpoint.type)?.version ?? 1;
      const envelope = validateEnvelope(touchpoint);
      if (!envelope.ok) faults.set(`envelope of ${touchpoint.type}`, envelope);
      const data = validateTouchpointData(touchpoint.type, version, touchpoint.data);
      if (!data.ok) faults.set(touchpoint.type, data);
    }
    expect(Object.fromEntries(faults)).toEqual({});
  });

  it('is the same for the same seed, byte for byte, and differs for another seed', () => {
    expect(digestOf(7, 60)).toBe(digestOf(7, 60));
    expect(digestOf(8, 60)).not.toBe(digestOf(7, 60));
  });

  it('gives a customer the same life however many others are simulated', () => {
    const few = [...simulateCustomers({ seed: 1, customers: 40, ...period })];
    expect(customers.slice(0, 40)).toEqual(few);
  });

  it('gives each touchpoint a unique id and an instant within the period, in ascending order for each customer', () => {
    expect(new Set(touchpoints.map((touchpoint) => touchpoint.id)).size).toBe(touchpoints.length);
    const astray: string[] = [];
    for (const customer of customers) {
      let before = FROM;
      for (const { id, occurredAt } of customer.touchpoints) {
        const at = parseInstant(occurredAt) ?? NaN;
        if (!(at >= before && at < UNTIL)) astray.push(`${id} at ${occurredAt}`);
        before = at;
      }
    }
    expect(astray).toEqual([]);
  });

  it('invents every person: addresses under example.com, and no identifier shared by two customers', () => {
    const owners = new Map<string, number>();
    const real: string[] = [];
    const shared: string[] = [];
    customers.forEach((customer, index) => {
      for (const { identifiers } of customer.touchpoints)
        for (const { namespace, value, role } of identifiers) {
          if (namespace === 'email' && !value.endsWith('@example.com')) real.push(value);
          if (role === 'referee') continue;
          const owner = owners.get(`${namespace} ${value}`) ?? index;
          if (owner !== index) shared.push(value);
          owners.set(`${namespace} ${value}`, index);
        }
    });
    expect({ real, shared }).toEqual({ real: [], shared: [] });
  });

  it('links identifiers that stood alone before, as an anonymous visitor who logs in', () => {
    const alone = new Set<string>();
    let linked = 0;
    for (const { identifiers } of touchpoints) {
      const self = identifiers.filter((identifier) => (identifier.role ?? 'self') === 'self');
      if (self.length === 1) alone.add(self[0]?.value ?? '');
      else if (self.every((identifier) => alone.has(identifier.value))) linked += 1;
    }
    expect(linked).toBeGreaterThan(50);
  });
});
