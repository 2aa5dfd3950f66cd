/**
 * What spreadsheets, and programs that read a table, make of an identifier. `4.91512E+12` was a phone number once, and stands for every number
 * that begins so; an error of a formula, a column that was too narrow, and U+FFFD in the place of a letter have lost what they stood for.
 */

/** `4.91512E+12`, `4,91512E+12`, `8.96529E19`: with a decimal separator, or with the sign and two digits that spreadsheets write. */
const SCIENTIFIC = /^[+-]?(?:\d+[.,]\d+e[+-]?\d{1,3}|\d+[.,]?e[+-]\d{2,3})$/i;
/** `#N/A`, `#VALUE!`, `#REF!`, `#NAME?`, `#DIV/0!` in the languages of spreadsheets (`#WERT!`, `#¡REF!`, `#NV`), and LibreOffice's `Err:502`. */
const FORMULA_ERROR = /^(?:#[\p{L}\p{M}¡¿/0-9 _.]{1,20}[!?]|#(?:n\/?[avd]|n\/b|b\.d\.|getting_data|nd)|err:\d{3})$/iu;
/** What a cell shows that is too narrow for its number. */
const TOO_NARROW = /^#{2,}$/;
/** Not a number, as C writes it. */
const NOT_A_NUMBER = /^[+-]?1\.#(?:inf|ind|qnan|snan)\d*$/i;
/** `5-Jan` and `Jan-05`: what a spreadsheet makes of `JAN5`, `MARCH1` or `1-5`. Only as it writes them, since `jan-05` may be a name. */
const MONTHS = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';
const DAY_OF_MONTH = new RegExp(`^(?:\\d{1,2}-(?:${MONTHS})|(?:${MONTHS})-\\d{2})$`);
const DAY_OF_MONTH_LENGTH_MIN = 5;
const DAY_OF_MONTH_LENGTH_MAX = 6;
/** Stands where a letter was that no reader understood. */
const REPLACEMENT = '\ufffd';

/** `="00123"`: a formula whose value is a text, so that a spreadsheet leaves it alone. */
const FORMULA_OF_TEXT = /^=\s*"((?:[^"]|"")*)"$/;
/** `'00123`: the mark of a text in a spreadsheet, and what exports put before a sign that would begin a formula. Not the name `'t Hooft`. */
const MARKED_AS_TEXT = /^'(?=[\d+=@#.\-])/;

/**
 * Whether an identifier was spoilt on its way: then it stands for no person, or for several. So does what only tells a spreadsheet that it is a text
 * (`="00123"`): a file's cell is read without it, so a program that sends it names another person than the file.
 */
export function isSpoilt(value: string): boolean {
  if (value.includes(REPLACEMENT)) return true;
  const text = isTrimmed(value) ? value : value.trim();
  const { length } = text;
  if (length >= DAY_OF_MONTH_LENGTH_MIN && length <= DAY_OF_MONTH_LENGTH_MAX && DAY_OF_MONTH.test(text)) return true;
  // The first character decides which pattern can match: nearly all ids pass with this look.
  const first = text.charCodeAt(0);
  if ((first >= 0x30 && first <= 0x39) || first === PLUS || first === MINUS)
    return isDigit(text.charCodeAt(length - 1))
      ? SCIENTIFIC.test(text) || NOT_A_NUMBER.test(text)
      : NOT_A_NUMBER.test(text);
  switch (first) {
    case NUMBER_SIGN:
      return FORMULA_ERROR.test(text) || TOO_NARROW.test(text);
    case SMALL_E:
    case CAPITAL_E:
      return length === ERR_LENGTH && FORMULA_ERROR.test(text);
    case EQUALS:
      return FORMULA_OF_TEXT.test(text);
    case QUOTE:
      return MARKED_AS_TEXT.test(text);
    default:
      return false;
  }
}

const NUMBER_SIGN = 0x23;
const QUOTE = 0x27;
const PLUS = 0x2b;
const MINUS = 0x2d;
const EQUALS = 0x3d;
const CAPITAL_E = 0x45;
const SMALL_E = 0x65;
/** Of `Err:502`. */
const ERR_LENGTH = 7;

const isDigit = (unit: number): boolean => unit >= 0x30 && unit <= 0x39;

/** Whether no white space stands around a text, at one look: false where a closer look is needed. */
function isTrimmed(text: string): boolean {
  const first = text.charCodeAt(0);
  const last = text.charCodeAt(text.length - 1);
  return first > 0x20 && first < 0x7f && last > 0x20 && last < 0x7f;
}

/** The text that a cell holds, without what only tells a spreadsheet that it is a text; other text as it is. */
export function withoutSpreadsheetQuoting(value: string): string {
  const first = value.charCodeAt(0);
  // A tab, a quote, an equals sign, or white space before one.
  if (first > 0x3d || (first !== 0x27 && first !== 0x3d && first > 0x20)) return value;
  const text = value.trim();
  const formula = FORMULA_OF_TEXT.exec(text);
  if (formula !== null) return (formula[1] ?? '').replaceAll('""', '"').trim();
  return text.replace(MARKED_AS_TEXT, '');
}
