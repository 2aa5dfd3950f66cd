import { NAMESPACES } from '#contracts';
import type { Erased } from '../quarantine/erased-persons.js';
import { plainName } from '../quarantine/person-search.js';
import { textsInSteps } from '../quarantine/readable-forms.js';
import type { Identities } from './identities.js';
import { finished, type Steps } from './turns.js';

/** The subjects that a body names. */
export interface FoundSubjects {
  readonly subjectIds: readonly string[];
  /** False where a part of the body could not be searched: an encoded file, or more names than are kept. */
  readonly whole: boolean;
}

const FOUND_MAX = 1_000;
const ADDRESSES_MAX = 1_000;
/** Values that are tried under the namespaces of erased persons. */
const CANDIDATES_MAX = 5_000;

const NAMES = new Map<string, string>([
  ...NAMESPACES.map((namespace) => [plainName(namespace), namespace] as const),
  ...['mail', 'emailaddress', 'mailaddress', 'mailto'].map((name) => [name, 'email'] as const),
  ...['tel', 'telephone', 'telefon', 'mobile', 'mobil', 'handy', 'cell', 'cellphone', 'msisdn', 'phonenumber'].map(
    (name) => [name, 'phone'] as const,
  ),
]);

/**
 * The subjects that can be found in a body: by identifiers in our form, by fields that have the name of a namespace, and by any text
 * that looks like an e-mail address; each of them encoded or not. Erasing one of them finds the body. Beyond that, the subjects of erased persons
 * whose identifier stands anywhere in it: such a body is not kept.
 */
export function foundSubjects(body: unknown, identities: Identities, erased: Erased | null = null): FoundSubjects {
  return finished(findSubjects(body, identities, erased));
}

/** The same in steps: searching a long body takes longer than parsing it. */
export function* findSubjects(body: unknown, identities: Identities, erased: Erased | null): Steps<FoundSubjects> {
  const { texts, whole } = yield* textsInSteps(body);
  const search = new SubjectSearch(identities, whole);
  for (const { field, text } of texts) {
    yield text.length;
    if (field !== null) search.field(field, text);
    if (text.includes('@')) yield* search.addresses(text);
    if (field === null || field === 'body' || PAIRED.test(text)) yield* search.pairs(text);
  }
  if (erased !== null && erased.subjectIds.size > 0) {
    const namespaces = new Set([...NAMESPACES, ...erased.namespaces]);
    for (const { text } of texts) yield* search.erased(text, namespaces, erased.subjectIds);
  }
  return search.result();
}

/** Names of fields that hold an identifier of a person, without case and punctuation. */
export const PERSON_NAMES: readonly string[] = [...NAMES.keys()];

const PAIRED = /[:=]/;
/** `"name": "value"`, `name=value`, `<name>value`, `name:value`: what is left of a form in a text that cannot be parsed. */
export const PAIR =
  /([\p{L}_][\p{L}\p{N}._-]{0,63})["']?\s{0,8}[:=>]\s{0,8}(?:"([^"]{1,512})"|'([^']{1,512})'|([^\s"'<>,;&{}[\]]{1,512}))/gu;
/** No match of it is longer: a name, a separator and a value, with blanks and quotes. */
const PAIR_MAX = 1_200;
/** So much of a text is searched for pairs in one step. */
const PAIRS_STEP = 16 * 1024;
/** Hashing a name takes about as long as reading so many characters. */
const NAME_COST = 512;
const SEPARATORS = /[\s"'<>,;:()[\]{}\\@|]/;
const LOCAL_MAX = 64;
const DOMAIN_MAX = 190;

class SubjectSearch {
  private readonly found = new Set<string>();
  private addressCount = 0;
  private candidateCount = 0;
  private readonly tried = new Set<string>();

  constructor(
    private readonly identities: Identities,
    private whole: boolean,
  ) {}

  result(): FoundSubjects {
    return { subjectIds: [...this.found], whole: this.whole };
  }

  field(field: string, text: string): void {
    const namespace = NAMES.get(plainName(field)) ?? (this.identities.knows(field) ? field : undefined);
    if (namespace !== undefined) this.name(namespace, text);
    if (field === 'subject') {
      const colon = text.indexOf(':');
      if (colon > 0) this.name(text.slice(0, colon), text.slice(colon + 1));
    }
  }

  *pairs(text: string): Steps<void> {
    if (!PAIRED.test(text)) return;
    let from = 0;
    while (from < text.length) {
      let read = PAIRS_STEP;
      for (const match of text.slice(from, from + PAIRS_STEP + PAIR_MAX).matchAll(PAIR)) {
        if (match.index >= PAIRS_STEP) break;
        read = Math.max(read, match.index + match[0].length);
        const [, field = '', double, single, bare] = match;
        const namespace = NAMES.get(plainName(field)) ?? (this.identities.knows(field) ? field : undefined);
        if (namespace === undefined) continue;
        this.name(namespace, (double ?? single ?? bare ?? '').trim());
        yield NAME_COST;
      }
      from += read;
      yield Math.min(read, text.length);
    }
  }

  /** Every address around an `@`, in each way that it can be cut out of a link or a sentence. */
  *addresses(text: string): Steps<void> {
    for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
      let start = at;
      while (start > 0 && at - start < LOCAL_MAX && !SEPARATORS.test(text.charAt(start - 1))) start -= 1;
      let end = at + 1;
      while (end < text.length && end - at <= DOMAIN_MAX && !SEPARATORS.test(text.charAt(end))) end += 1;
      const local = text.slice(start, at);
      const domain = text.slice(at + 1, end);
      if (local === '' || domain === '') continue;
      this.addressCount += 1;
      if (this.addressCount > ADDRESSES_MAX) {
        this.whole = false;
        return;
      }
      const locals = new Set([
        local,
        local.slice(local.search(/[^=?&/!#*$^~`]*$/)),
        local.replace(/^[^\p{L}\p{N}]+/u, ''),
      ]);
      const domains = new Set(
        [domain, domain.replace(/[?&=/#!*$^~`].*$/s, '')].map((each) => each.replace(/[^\p{L}\p{N}]+$/u, '')),
      );
      for (const before of locals)
        for (const after of domains) if (before !== '' && after !== '') this.name('email', `${before}@${after}`);
      yield NAME_COST * locals.size * domains.size;
    }
  }

  /** Whether a text, or a part of it, is the identifier of an erased person. */
  *erased(text: string, namespaces: ReadonlySet<string>, subjectIds: ReadonlySet<string>): Steps<void> {
    for (const value of candidatesIn(text)) {
      if (value.length < 4 || this.tried.has(value)) continue;
      if (this.candidateCount >= CANDIDATES_MAX) {
        this.whole = false;
        return;
      }
      this.candidateCount += 1;
      this.tried.add(value);
      for (const namespace of namespaces) {
        const { subjectId, placeholder } = this.identities.once(namespace, value);
        if (!placeholder && subjectIds.has(subjectId)) this.found.add(subjectId);
      }
      yield NAME_COST * namespaces.size;
    }
  }

  private name(namespace: string, value: string): void {
    if (value.length > VALUE_MAX || namespace.length > 64) return;
    if (this.found.size >= FOUND_MAX) {
      this.whole = false;
      return;
    }
    const identity = this.identities.of(namespace, value);
    if (!identity.placeholder) this.found.add(identity.subjectId);
  }
}

/** What may be an identifier: the text, its words, its runs of digits. */
function* candidatesIn(text: string): Generator<string> {
  const trimmed = text.trim();
  if (trimmed.length <= VALUE_MAX) yield trimmed;
  if (!/[^\p{L}\p{N}]/u.test(trimmed)) return;
  for (const [token] of trimmed.matchAll(/[\p{L}\p{N}][\p{L}\p{N}._+-]*/gu)) {
    if (token.length < 4 || token.length > VALUE_MAX) continue;
    yield token;
    const bare = token.replace(/[._+-]+$/, '');
    if (bare !== token) yield bare;
  }
  for (const [run] of trimmed.matchAll(/\+?\(?\d(?:[\s().\-–/]{0,3}\d){6,17}/g)) yield run;
}

const VALUE_MAX = 512;
