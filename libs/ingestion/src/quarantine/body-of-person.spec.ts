import { describe, expect, it } from '@jest/globals';
import { MARY, PERSON_FORMS } from '#testing';
import { bodyOfPerson, WITHHELD } from './body-of-person.js';
import { PersonSearch } from './person-search.js';

const mary = new PersonSearch(MARY);
const shown = (body: unknown) => bodyOfPerson(body, mary, ['crmId']);
const OTHER = ['bob.other@shop.example', 'user-bob-1', '+49 30 5550199', 'CRM-BOB-77'];
const traces = (value: unknown): string[] => OTHER.filter((trace) => JSON.stringify(value).includes(trace));

describe('a body as the person that it names may see it', () => {
  const alone = PERSON_FORMS.filter(([title]) => title !== 'the 65th address' && title !== 'in a list with semicolons');

  it.each(alone)('is whole where it names no other: %s', (_, body) => {
    expect(shown(body)).toEqual({ body, withheld: 0 });
  });

  it.each(PERSON_FORMS)('still names them beside another person: %s', (_, body) => {
    const both = {
      mine: body,
      other: { email: OTHER[0], name: 'Bob Other', address: { city: 'Bonn' } },
      userId: OTHER[1],
      tel: OTHER[2],
      crm_id: OTHER[3],
      amount: 12,
    };
    const result = shown(both);
    expect(mary.isIn(result.body)).toBe(true);
    expect(traces(result.body)).toEqual([]);
    expect(JSON.stringify(result.body)).not.toMatch(/Bob|Bonn/);
    expect(result.body).toMatchObject({ amount: 12, other: WITHHELD });
    expect(result.withheld).toBeGreaterThanOrEqual(4);
  });

  it.each([
    [
      { text: 'mary.secret@shop.example wrote to bob.other@shop.example' },
      `mary.secret@shop.example wrote to ${WITHHELD}`,
    ],
    [{ text: 'call 0171 88776655, not +49 30 5550199' }, `call 0171 88776655, not ${WITHHELD}`],
    [{ text: 'userId=mary-4711&userId=user-bob-1' }, `userId=mary-4711&userId=${WITHHELD}`],
    [{ text: Buffer.from('mary.secret@shop.example and bob.other@shop.example').toString('base64') }, WITHHELD],
  ])('is a text without the identifiers of the other: %j', ({ text }, expected) => {
    expect(shown({ text })).toEqual({ body: { text: expected }, withheld: 1 });
  });

  it('holds no name of a field that is another', () => {
    expect(shown({ 'mary.secret@shop.example': 1, 'bob.other@shop.example': 2 }).body).toEqual({
      'mary.secret@shop.example': 1,
      [WITHHELD]: WITHHELD,
    });
  });
});
