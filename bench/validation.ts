import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import fc from 'fast-check';
import { classOf, TOUCHPOINT_TYPES, TouchpointForm, validateEnvelope, validateTouchpointData } from '#contracts';
import { sampleOf } from '#testing';

/**
 * What one event's validation costs: by class-validator (the baseline: plainToInstance and validateSync, as a Nest
 * ValidationPipe does it) and by the validators compiled from the same classes. Both judge the same documents, one
 * after the other, in one process.
 *
 *     node --conditions=source --import #from-source bench/validation.ts
 */
const ROUNDS = 5;
const SECONDS_PER_ROUND = 0.4;

/** Microseconds per document: the best of a few rounds. */
function microseconds(documents: readonly object[], judge: (document: object) => boolean): number {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    let count = 0;
    do {
      for (const document of documents)
        if (!judge(document)) throw new Error(`Refused: ${JSON.stringify(document).slice(0, 500)}`);
      count += documents.length;
    } while (performance.now() - start < SECONDS_PER_ROUND * 1000);
    best = Math.min(best, ((performance.now() - start) * 1000) / count);
  }
  return best;
}

function row(
  name: string,
  documents: readonly object[],
  slow: (d: object) => boolean,
  fast: (d: object) => boolean,
): void {
  const byClass = microseconds(documents, slow);
  const compiled = microseconds(documents, fast);
  const cells = [byClass, compiled].map((figure) => figure.toFixed(2).padStart(14));
  console.log(`${name.padEnd(34)}${cells.join('')}${(byClass / compiled).toFixed(1).padStart(10)}`);
}

const ofClass = (type: string, version: number) => {
  const target = classOf(type, version);
  if (target === null) throw new Error(`There is no ${type}`);
  return (document: object) => validateSync(plainToInstance(target, document)).length === 0;
};

const line = {
  sku: 'KETTLE-1',
  name: 'Kettle',
  category: 'kitchen',
  quantity: 2,
  unitPriceMinor: 2495,
  costMinor: 1300,
};
const order = (lines: number) => ({
  orderId: 'o-1',
  currency: 'EUR',
  lines: Array.from({ length: lines }, () => line),
  campaign: 'spring',
});
const envelope = {
  id: '0190c3f2-7b1e-7c3a-9f11-6d0a4c1f2e3d',
  source: 'https://shop.example/checkout',
  type: 'order-placed',
  time: '2026-03-01T12:00:00Z',
  channel: 'shop',
  identifiers: [
    { namespace: 'userId', value: '17850', role: 'self' },
    { namespace: 'email', value: 'ann@shop.example', role: 'self' },
  ],
  data: order(5),
};

console.log(`Node ${process.version}; µs per document, the best of ${ROUNDS} rounds of ${SECONDS_PER_ROUND} s\n`);
console.log(`${''.padEnd(34)}${'class-validator'.padStart(14)}${'compiled'.padStart(13)}${'ratio'.padStart(10)}`);
row(
  'site-visited',
  [{ page: '/kettles', campaign: 'spring' }],
  ofClass('site-visited', 1),
  (data) => validateTouchpointData('site-visited', 1, data).ok,
);
for (const lines of [1, 5, 50])
  row(
    `order-placed, ${lines} lines`,
    [order(lines)],
    ofClass('order-placed', 1),
    (data) => validateTouchpointData('order-placed', 1, data).ok,
  );

const mixed = TOUCHPOINT_TYPES.flatMap(({ name, version }) =>
  fc.sample(sampleOf(name), { numRuns: 10, seed: 7 }).map((data) => ({ name, version, data })),
);
const classes = new Map(TOUCHPOINT_TYPES.map(({ name, version }) => [name, ofClass(name, version)]));
const slowly = (document: object): boolean => {
  const { name, data } = document as (typeof mixed)[number];
  return classes.get(name)?.(data) ?? false;
};
const fast = (document: object): boolean => {
  const { name, version, data } = document as (typeof mixed)[number];
  return validateTouchpointData(name, version, data).ok;
};
row(`all ${TOUCHPOINT_TYPES.length} types, 10 samples each`, mixed, slowly, fast);
row(
  'envelope',
  [envelope],
  (document) => validateSync(plainToInstance(TouchpointForm, document)).length === 0,
  (document) => validateEnvelope(document).ok,
);
console.log(
  '\nLimit: class-validator looks its metadata up for each object; the compiled one walks the values twice, once for bounds.',
);
