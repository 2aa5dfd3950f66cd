import { expect, it } from '@jest/globals';
import { memoryLog } from '#testing';
import { TypeContracts } from './type-contracts.js';
import { followTypes } from './follow-types.js';
import { RegisterType, RegisterTypeHandler } from './register-type.js';

it('knows a type that another intake registered, before long', async () => {
  const log = memoryLog();
  const here = new TypeContracts();
  const following = followTypes(log, here);
  const definition = {
    name: 'campsite-booked',
    version: 1,
    origin: 'customer',
    group: 'consideration',
    schema: { type: 'object', properties: { site: { type: 'string' } } },
  };
  const verdict = await new RegisterTypeHandler(log, new TypeContracts(), { now: () => Date.UTC(2026, 0, 1) }).execute(
    new RegisterType(definition),
  );
  expect(verdict).toMatchObject({ ok: true });
  expect(here.of('campsite-booked')).toBeNull();
  while (here.of('campsite-booked') === null) await new Promise((wake) => setTimeout(wake, 50));
  await following.stop();
});
