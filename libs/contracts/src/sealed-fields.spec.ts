import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { readSealedFields, sealedFields, type Beside } from './sealed-fields.js';

const names = fc.constantFrom('$envelope', '$placeholders', '$provenance', '$apart', 'text', '~1a');
const personal = fc.dictionary(
  names.map((name) => `/${name}`),
  fc.constantFrom<unknown>('theirs', null, 7, { deep: true }),
);
const beside: fc.Arbitrary<Beside> = fc.record(
  {
    $envelope: fc.constant({ tier: 'gold' }),
    $placeholders: fc.constant([{ namespace: 'userId', value: 'null' }]),
    $provenance: fc.constant({ key: 'k' }),
  },
  { requiredKeys: [] },
);

describe('what is sealed of a touchpoint', () => {
  it('comes back as it was put in, whatever a channel calls its fields', () => {
    fc.assert(
      fc.property(personal, beside, (fields, ours) => {
        const read = readSealedFields(JSON.stringify(sealedFields(fields, ours)));
        expect(read).toEqual({ personal: fields, beside: ours, expired: [], mixed: false });
      }),
    );
  });

  it('is read where our names stood among the fields of the data, as they once did', () => {
    const old = { '/text': 'likes blue', '/$envelope': { tier: 'gold' }, '/$provenance': { key: 'k' } };
    expect(readSealedFields(JSON.stringify(old))).toEqual({
      personal: { '/text': 'likes blue' },
      beside: { $envelope: { tier: 'gold' }, $provenance: { key: 'k' } },
      expired: [],
      mixed: true,
    });
  });
});
