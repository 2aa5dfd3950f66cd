import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyCharacter } from '#testing/characters';
import { isPlaceholder } from './identifiers.js';
import { isSpoilt, withoutSpreadsheetQuoting } from './spreadsheets.js';

describe('an identifier that a spreadsheet spoilt', () => {
  it.each([
    ...[
      '4.91512E+12',
      '4,91512E+12',
      '1.23E+05',
      '8.96529E+19',
      '4.9e+12',
      '-1.2E+10',
      '5E+10',
      '1E+15',
      ' 4.91512E+12 ',
    ],
    ...['8.96529E19', '4.91512e12', '4.9E-05', '1E-05', '1.E+15'],
    ...['##', '#######', '#N/A', '#n/a', '#VALUE!', '#REF!', '#NAME?', '#DIV/0!', '#NULL!', '#NUM!', '#SPILL!'],
    ...[
      '#NV',
      '#WERT!',
      '#BEZUG!',
      '#VALEUR!',
      '#NOM?',
      '#¡REF!',
      '#¿NOMBRE?',
      '#N/D',
      '#ЗНАЧ!',
      'Err:502',
      '#GETTING_DATA',
    ],
    ...['1.#INF', '-1.#IND', '1.#QNAN', '5-Jan', '31-Dec', 'Mar-01', '2-Sep'],
    ...['M\ufffdller', '\ufffd', 'caf\ufffd\ufffd'],
  ])('%s names no person', (value) => {
    expect(isSpoilt(value)).toBe(true);
    for (const namespace of ['userId', 'phone', 'loyaltyCard', 'crmId'])
      expect(isPlaceholder(namespace, value)).toBe(true);
  });

  it.each([
    ...[
      '4915123456789',
      '+49 151 23456789',
      '1e5',
      '12E3',
      '5e10',
      'abc-123',
      'A1E+B',
      '00123',
      '#1001',
      '#A-17',
      '-17',
      '3.14',
    ],
    ...[
      'jan-05',
      'Jan-5-2',
      'Mar-2026x',
      '2026-01-05',
      'May',
      'e-12',
      'user#12',
      '12-Januar',
      'deadbeef',
      '1E-5',
      'E+10',
      'err:5021',
    ],
    ...['Müller', 'user@shop.test', '6e2f4f0e-8a51-4e7c-93b4-2f6f6f9b7c11', '12e34567', '1.5', '1,5'],
  ])('%s may name a person', (value) => {
    expect(isSpoilt(value)).toBe(false);
  });

  it('is found by its first character as by trying every pattern on it', () => {
    const months = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';
    const patterns = [
      new RegExp(`^\\s*(?:\\d{1,2}-(?:${months})|(?:${months})-\\d{2})\\s*$`),
      /\ufffd/,
      /^\s*[+-]?(?:\d+[.,]\d+e[+-]?\d{1,3}|\d+[.,]?e[+-]\d{2,3})\s*$/i,
      /^\s*(?:#[\p{L}\p{M}¡¿/0-9 _.]{1,20}[!?]|#(?:n\/?[avd]|n\/b|b\.d\.|getting_data|nd)|err:\d{3})\s*$/iu,
      /^\s*#{2,}\s*$/,
      /^\s*[+-]?1\.#(?:inf|ind|qnan|snan)\d*\s*$/i,
      /^\s*=\s*"(?:[^"]|"")*"\s*$/,
      /^\s*'(?=[\d+=@#.\-])/,
    ];
    const piece = fc.oneof(
      fc.constantFrom(...['#', '##', '!', '?', 'N/A', 'REF', '=', '"', "'", 'Err:', 'err:502', '1.#', 'INF', 'inf']),
      fc.constantFrom(...[' ', '\t', '\n', '\u00a0', '\ufeff', '\u2028', '\ufffd', 'é', '😀', 'ſ', 'K', '٣']),
      fc.constantFrom(...['e', 'E', '+', '-', '.', ',', '@', 'Jan', 'Mar', 'Dec', '-Jan', 'Feb-', 'x']),
      fc.nat(99).map(String),
      fc.string({ maxLength: 3 }),
    );
    const value = fc.oneof(
      fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
      fc.string({ unit: anyCharacter }),
    );
    fc.assert(
      fc.property(value, (text) => {
        expect(isSpoilt(text)).toBe(patterns.some((pattern) => pattern.test(text)));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('what tells a spreadsheet that a cell is text', () => {
  it.each([
    ['="00123"', '00123'],
    ['= "00123"', '00123'],
    ['="say ""hi"""', 'say "hi"'],
    ["'00123", '00123'],
    ["'+49151", '+49151'],
    ["'=1+1", '=1+1'],
    ["'@name", '@name'],
    ["'-17", '-17'],
    ['\t00123', '00123'],
    ['\t="00123"', '00123'],
    ['=""', ''],
  ])('is taken off: %s', (given, text) => {
    expect(withoutSpreadsheetQuoting(given)).toBe(text);
  });

  it.each(["'t Hooft", "'s-Hertogenbosch", '="a"&"b"', '=A1', '00123', "O'Hara", '"00123"', '', '=“00123”'])(
    'is not there in %s',
    (text) => {
      expect(withoutSpreadsheetQuoting(text)).toBe(text);
    },
  );
});
