import { describe, expect, it } from '@jest/globals';
import { memoryLog } from '#testing';
import { TypeContracts } from '../pipeline/type-contracts.js';
import { registeredTypes, registerType } from './register-type.js';

const CAMPSITE = {
  name: 'campsite-booked',
  version: 1,
  origin: 'customer',
  group: 'consideration',
  schema: { type: 'object', properties: { site: { type: 'string' } } },
};

describe('registering a type', () => {
  it('makes it known at once, and to every later start', async () => {
    const log = memoryLog();
    const contracts = new TypeContracts();
    expect(contracts.of('campsite-booked')).toBeNull();
    expect(await registerType(log, contracts, CAMPSITE, 0)).toMatchObject({ ok: true, position: 1 });
    expect(contracts.of('campsite-booked')?.version).toBe(1);
    expect((await registeredTypes(log)).type('campsite-booked')).toMatchObject({ origin: 'customer' });
  });

  it('twice is the same as once', async () => {
    const log = memoryLog();
    const contracts = new TypeContracts();
    await registerType(log, contracts, CAMPSITE, 0);
    expect(await registerType(log, contracts, CAMPSITE, 1)).toMatchObject({ ok: true, position: null });
    expect(await log.head()).toMatchObject({ position: 1 });
  });

  it('takes the next version beside the first', async () => {
    const log = memoryLog();
    const contracts = new TypeContracts();
    await registerType(log, contracts, CAMPSITE, 0);
    const second = { ...CAMPSITE, version: 2, schema: { ...CAMPSITE.schema, required: ['site'] } };
    expect(await registerType(log, contracts, second, 1)).toMatchObject({ ok: true, position: 2 });
    expect(contracts.of('campsite-booked')?.validate({}).ok).toBe(false);
    expect(contracts.of('campsite-booked', 1)?.validate({}).ok).toBe(true);
  });

  it('rejects what is no definition, and a name that is taken', async () => {
    const log = memoryLog();
    for (const bad of [null, 'x', {}, { ...CAMPSITE, name: 'order-placed' }, { ...CAMPSITE, schema: { $ref: '#' } }])
      expect(await registerType(log, new TypeContracts(), bad, 0)).toMatchObject({ ok: false });
    // JSON Schema has schemas that are no objects: they say nothing about the data.
    for (const schema of [true, false])
      expect(await registerType(log, new TypeContracts(), { ...CAMPSITE, schema }, 0)).toMatchObject({
        ok: false,
        errors: [{ pointer: '#/schema' }],
      });
    expect(await log.head()).toMatchObject({ position: 0 });
  });
});
