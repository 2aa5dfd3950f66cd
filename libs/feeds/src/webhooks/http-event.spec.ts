import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyCharacter } from '#testing/characters';
import { httpEvent } from './http-event.js';

const message = (headers: Record<string, string>, value: string | null = '{}') =>
  httpEvent({ topic: 't', key: 'k', value, headers: { ce_id: 'i', ...headers } });

describe('a message over HTTP', () => {
  it('has the attributes in headers of their own, and the data as its body', () => {
    const event = message({ ce_type: 'x', 'content-type': 'application/json' });
    expect(event).toEqual({
      id: 'i',
      headers: { 'ce-id': 'i', 'ce-type': 'x', 'content-type': 'application/json' },
      body: '{}',
    });
  });

  it('has no body where it deletes its key', () => {
    expect(message({}, null).body).toBeNull();
  });

  it('escapes what a header cannot hold, as CloudEvents says', () => {
    expect(message({ ce_subject: 'Euro € "100%"\n' }).headers['ce-subject']).toBe('Euro%20%E2%82%AC%20%22100%25%22%0A');
  });

  it('gives a header that decodes to the original text, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        const header = message({ ce_subject: text }).headers['ce-subject'] ?? '';
        expect(header).toMatch(/^[\x21-\x7e]*$/);
        expect(decodeURIComponent(header)).toBe(text.toWellFormed());
      }),
    );
  });
});
