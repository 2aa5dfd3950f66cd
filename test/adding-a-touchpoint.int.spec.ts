import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TypeRegistry } from '#contracts';
import { type Block, DocumentRun } from './document.js';

const document = new DocumentRun('docs/adding-a-touchpoint.md');

describe('docs/adding-a-touchpoint.md', () => {
  const steps = document.blocks.filter(({ order }) => !/^(registered|accepted|rejected)/.test(order));
  const only = (prefix: string) => document.blocks.filter(({ order }) => order.startsWith(prefix));

  beforeAll(() =>
    document.copy(['libs'], {
      name: 'contracts',
      tsconfig: { include: ['libs/contracts/src/**/*.ts'], exclude: ['**/*.spec.ts'] },
    }),
  );
  afterAll(() => document.remove());

  it('has all the steps that are done here', () => {
    expect(steps.map(({ order }) => order.replace(/ (after|instead of) .*/, ' $1'))).toEqual([
      'libs/contracts/src/catalogue.ts after',
      'libs/contracts/src/touchpoints/consideration.ts at the end',
      'libs/contracts/src/touchpoints/classes.ts after',
      'libs/contracts/src/touchpoints/documentation.ts instead of',
      'libs/contracts/golden/sample-requested.v1.json new',
      'run',
      'libs/contracts/src/touchpoints/consideration.ts instead of',
      'libs/contracts/src/touchpoints/consideration.ts at the end',
      'libs/contracts/src/touchpoints/classes.ts instead of',
      'libs/contracts/src/touchpoints/documentation.ts instead of',
      'libs/contracts/src/catalogue.ts after',
      'libs/contracts/src/upcasters.ts after',
      'libs/contracts/golden/sample-requested.v2.json new',
      'libs/contracts/golden/sample-requested.v1.json instead of',
      'run',
    ]);
  });

  it('adds a type, and then a version, and the specs pass both times', () => {
    for (const step of steps) document.apply(step);
    const tested = document.run('npm run jest -- libs/contracts/src/upcasters --selectProjects spec --verbose');
    for (const file of ['sample-requested.v1.json', 'sample-requested.v2.json'])
      expect(tested).toContain(`${file} is still read today`);
    // The compiler, which reports types without a class, passes too.
    document.run('node_modules/.bin/tsc --noEmit --incremental false -p tsconfig.contracts.json');
  }, 600_000);

  it('would fail if a step were left out', () => {
    rmSync(join(document.project, 'libs/contracts/golden/sample-requested.v2.json'));
    expect(() => document.run('npm run jest -- libs/contracts/src/upcasters --selectProjects spec')).toThrow(
      'golden corpus',
    );
  }, 300_000);

  it('registers a type of one business’s own', () => {
    const [definition] = only('registered');
    const registration = TypeRegistry.BUILT_IN.register(JSON.parse(definition!.text));
    if (!registration.ok) throw new Error(JSON.stringify(registration.errors));
    const verdict = ({ text }: Block) => registration.registry.validate('campsite-booked', 1, JSON.parse(text));
    expect(only('accepted').map(verdict)).toEqual([{ ok: true }]);
    for (const block of only('rejected at ')) {
      const pointer = block.order.replace('rejected at ', '');
      expect(verdict(block)).toMatchObject({ ok: false, errors: [{ pointer }] });
    }
    expect(only('rejected at ')).toHaveLength(1);
  });
});
