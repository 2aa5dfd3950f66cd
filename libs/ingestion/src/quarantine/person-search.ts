import { NAMESPACES } from '#contracts';
import { folded, textsIn, type FieldText } from './readable-forms.js';

/** An identifier of a person in the clear, its value normalised. */
export interface ClearIdentifier {
  readonly namespace: string;
  readonly value: string;
}

type Matcher = (texts: readonly FoldedText[]) => boolean;

/** A text as it is compared, with the plain name of its field. */
interface FoldedText {
  readonly field: string | null;
  readonly text: string;
  /** Runs of at least seven digits, whatever separates the digits; filled on first use. */
  digits?: readonly string[];
}

/** What is left of a name without case and punctuation: `user_id` is `userid`. */
export const plainName = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/**
 * Finds a person in a body by their identifiers: in any field, as a name or as a value, encoded or spelt out, inside a longer text. A value that is
 * too short to stand for the person wherever it occurs (`42`) counts only where its field says that it names a person.
 */
export class PersonSearch {
  private readonly matchers: readonly Matcher[];

  constructor(identifiers: readonly ClearIdentifier[]) {
    this.matchers = identifiers.flatMap((identifier) => matchersOf(identifier));
  }

  /** Whether one of the identifiers stands in the body, the value of a JSON document. */
  isIn(body: unknown): boolean {
    if (this.matchers.length === 0) return false;
    const texts = textsIn(body).texts.map(foldedText);
    return this.matchers.some((matches) => matches(texts));
  }
}

function foldedText({ field, text }: FieldText): FoldedText {
  return { field: field === null ? null : plainName(field), text: folded(text) };
}

/** Digits of a telephone number that are enough to recognise it, without its country. */
const PHONE_DIGITS_MIN = 7;
/** Shorter values occur by chance. */
const DISTINCTIVE_MIN = 6;
/** From this length on, a value is recognised without its separators too. */
const SQUASHED_MIN = 10;

function matchersOf({ namespace, value }: ClearIdentifier): Matcher[] {
  const wanted = folded(value).trim();
  if (wanted === '') return [];
  const field = plainName(namespace);
  const inItsField: Matcher = (texts) =>
    texts.some((each) => each.field !== null && each.text.trim() === wanted && namesAPerson(each.field, field));
  const named = new RegExp(
    `${escaped(folded(namespace))}["'\\s]{0,8}[=:>]["'\\s]{0,8}${escaped(wanted)}(?![\\p{L}\\p{N}])`,
    'u',
  );
  const matchers: Matcher[] = [inItsField, (texts) => texts.some(({ text }) => named.test(text))];
  const digits = wanted.replace(/\D/g, '');
  if (namespace === 'phone' || /^\+\d{7,}$/.test(wanted)) {
    if (digits.length >= PHONE_DIGITS_MIN) matchers.push(phoneMatcher(digits));
    return matchers;
  }
  if (isDistinctive(wanted)) matchers.push((texts) => texts.some(({ text }) => standsIn(text, wanted)));
  const at = wanted.lastIndexOf('@');
  if (at > 0) matchers.push(partsMatcher(wanted.slice(0, at), wanted.slice(at + 1)));
  const squashed = squash(wanted);
  if (at < 0 && squashed.length >= SQUASHED_MIN)
    matchers.push((texts) => texts.some(({ text }) => text.length >= SQUASHED_MIN && squash(text).includes(squashed)));
  return matchers;
}

const escaped = (text: string): string => text.replace(/[$()*+./?[\\\]^{|}]/g, '\\$&');

const squash = (text: string): string => text.replace(/[^\p{L}\p{N}@]/gu, '');

/** Long enough, or of letters and digits together: no word and no small number. */
function isDistinctive(value: string): boolean {
  if (value.includes('@')) return true;
  if (value.length < 4) return false;
  return value.length >= DISTINCTIVE_MIN || (/\p{L}/u.test(value) && /\d/.test(value));
}

/** Whether a value stands in a text by itself: not as part of a longer address, word or number. */
function standsIn(text: string, value: string): boolean {
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1))
    if (!CONTINUES.test(text.charAt(at - 1)) && !continuesAfter(text, at + value.length)) return true;
  return false;
}

const CONTINUES = /[\p{L}\p{N}]/u;

/** A full stop or a hyphen ends a value unless a letter or digit follows it: `shop.example.` ends, `shop.example.org` does not. */
function continuesAfter(text: string, end: number): boolean {
  const next = text.charAt(end);
  return CONTINUES.test(next) || ((next === '.' || next === '-') && CONTINUES.test(text.charAt(end + 1)));
}

/** A number in any spelling: with or without its country, its zeros, its separators. */
function phoneMatcher(digits: string): Matcher {
  return (texts) =>
    texts.some((each) => (each.digits ??= digitRuns(each.text)).some((run) => isSameNumber(run, digits)));
}

function digitRuns(text: string): readonly string[] {
  const runs: string[] = [];
  for (const [run] of text.matchAll(/\+?\(?\d(?:[\s().\-–/·,_]{0,3}\d){6,}/g)) runs.push(run.replace(/\D/g, ''));
  return runs;
}

function isSameNumber(run: string, digits: string): boolean {
  const national = run.replace(/^0+/, '');
  if (national.length < PHONE_DIGITS_MIN) return false;
  // (0) of an international number, and any prefix to dial out.
  return (
    digits.replace(/^0+/, '').endsWith(national) ||
    national.endsWith(digits.replace(/^0+/, '')) ||
    trunk(national, digits)
  );
}

/** `+49 (0)171 …`: a zero after the country that is not dialled from abroad. */
function trunk(national: string, digits: string): boolean {
  for (let country = 1; country <= 3; country += 1)
    if (national.charAt(country) === '0' && national.slice(0, country) + national.slice(country + 1) === digits)
      return true;
  return false;
}

/** An address in two fields: `{"local": "jane", "domain": "shop.example"}`. */
function partsMatcher(local: string, domain: string): Matcher {
  return (texts) =>
    texts.some(({ text }) => text === domain || text === `@${domain}`) && texts.some(({ text }) => text === local);
}

/** What the names of fields that identify a person contain. */
const PERSON_FIELDS =
  /user|cust|client|kunde|member|mitglied|person|contact|kontakt|account|konto|login|subscriber|visitor|guest|buyer|card|subject|identifier|anonymous|device/;
const KNOWN: readonly string[] = NAMESPACES.map(plainName);

/** Whether a field can hold an identifier of a namespace: by its own name, or because it names a person in some way. */
function namesAPerson(field: string, namespace: string): boolean {
  if (field === namespace) return true;
  if (field.includes(namespace) || (field.length >= 4 && namespace.includes(field))) return true;
  return !KNOWN.includes(field) && PERSON_FIELDS.test(field);
}
