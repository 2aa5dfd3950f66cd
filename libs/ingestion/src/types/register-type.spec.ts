import { describe, expect, it } from '@jest/globals';
import type { EventLog } from '#event-log';
import { memoryLog } from '#testing';
import { Rejection } from '../pipeline/rejection.js';
import { TypeContracts } from './type-contracts.js';
import { registeredTypes, RegisterType, RegisterTypeHandler } from './register-type.js';

const CAMPSITE = {
  name: 'campsite-booked',
  version: 1,
  origin: 'customer',
  group: 'consideration',
  schema: { type: 'object', properties: { site: { type: 'string' } } },
};

const register = (log: EventLog, contracts: TypeContracts, definition: unknown) =>
  new RegisterTypeHandler(log, contracts, { now: () => 0 }).execute(new RegisterType(definition));

describe('registering a type', () => {
  it('makes it known at once, and to every later start', async () => {
    const log = memoryLog();
    const contracts = new TypeContracts();
    expect(contracts.of('campsite-booked')).toBeNull();
    expect(await register(log, contracts, CAMPSITE)).toMatchObject({ ok: true, position: 1 });
    expect(contracts.of('campsite-booked')?.version).toBe(1);
    expect((await registeredTypes(log)).type('campsite-booked')).toMatchObject({ origin: 'customer' });
  });

  it('twice is the same as once', async () => {
    const log = memoryLog();
    const contracts = new TypeContracts();
    await register(log, contracts, CAMPSITE);
    expect(await register(log, contracts, CAMPSITE)).toMatchObject({ ok: true, position: null });
    expect(await log.head()).toMatchObject({ position: 1 });
  });

  it('takes the next version beside the first', async () => {
    const log = memoryLog();
    const contracts = new TypeContracts();
    await register(log, contracts, CAMPSITE);
    const stricter = { ...CAMPSITE, version: 2, schema: { ...CAMPSITE.schema, required: ['site'] } };
    expect(await register(log, contracts, stricter)).toMatchObject({
      ok: false,
      errors: [{ pointer: '#/schema/required/0', detail: 'requires `site`, which could be absent before' }],
    });
    const nights = { type: 'integer', minimum: 1 };
    const second = {
      ...CAMPSITE,
      version: 2,
      schema: { type: 'object', properties: { ...CAMPSITE.schema.properties, nights } },
    };
    expect(await register(log, contracts, second)).toMatchObject({ ok: true, position: 2 });
    expect(contracts.of('campsite-booked')?.read({ nights: 0 })).toBeInstanceOf(Rejection);
    expect(contracts.of('campsite-booked', 1)?.read({})).toEqual({ data: {}, personal: null, unknown: null });
    expect(contracts.of('campsite-booked', 1)?.read({ nights: 0 })).not.toBeInstanceOf(Rejection);
  });

  it('rejects what is no definition, and a name that is taken', async () => {
    const log = memoryLog();
    for (const bad of [null, 'x', {}, { ...CAMPSITE, name: 'order-placed' }, { ...CAMPSITE, schema: { $ref: '#' } }])
      expect(await register(log, new TypeContracts(), bad)).toMatchObject({ ok: false });
    // JSON Schema has schemas that are no objects: they say nothing about the data.
    for (const schema of [true, false])
      expect(await register(log, new TypeContracts(), { ...CAMPSITE, schema })).toMatchObject({
        ok: false,
        errors: [{ pointer: '#/schema' }],
      });
    expect(await log.head()).toMatchObject({ position: 0 });
  });
});
