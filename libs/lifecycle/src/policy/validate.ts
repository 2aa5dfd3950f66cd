import { MEDIA } from '#contracts';
import { isTimeZone } from '../calendar/zone.js';
import type { Policy } from './policy.js';
import type { ValidationIssue } from '#contracts';

export type PolicyVerdict =
  { readonly ok: true; readonly policy: Policy } | { readonly ok: false; readonly errors: readonly ValidationIssue[] };

const STAGES: Readonly<Record<string, readonly string[]>> = {
  acquisition: ['awareness', 'knowledge', 'consideration', 'evaluation', 'cold'],
  retention: ['onboarding', 'active', 'at-risk', 'lapsed', 'lost'],
  expansion: ['cross-sell', 'up-sell', 'advocacy'],
};
const PHASES = ['awareness', 'knowledge', 'consideration', 'evaluation'];
const OPS = ['equals', 'not-equals', 'less', 'at-most', 'more', 'at-least', 'one-of', 'present'];
const GRADES = ['very satisfied', 'satisfied', 'neutral'];
/** A century: longer is a slip of the keyboard. */
const DAYS_MAX = 36_525;

/** Judges a document that wants to be a policy. All its faults are told at once, each with its place. */
export function validatePolicy(document: unknown): PolicyVerdict {
  const errors: ValidationIssue[] = [];
  const judge = new Judge(errors);
  judge.policy(document);
  return errors.length === 0 ? { ok: true, policy: document as Policy } : { ok: false, errors };
}

type Fields = Readonly<Record<string, unknown>>;

/** Collects faults: each check says where it looks and goes on with the next, whatever it finds. */
class Judge {
  constructor(private readonly errors: ValidationIssue[]) {}

  policy(document: unknown): void {
    const policy = this.object(document, '', [
      'name',
      'version',
      'timeZone',
      'currency',
      'signals',
      'acquisition',
      'onboarding',
      'silence',
      'expansion',
      'contracts',
      'taxonomy',
      'replacementDays',
      'ladder',
      'tiers',
      'treatments',
    ]);
    if (policy === null) return;
    const { name, currency, timeZone } = policy;
    if (typeof name !== 'string' || !/^[a-z][a-z0-9-]{0,63}$/.test(name))
      this.fault('/name', 'is not a name', 'use 1 to 64 lower-case letters, digits and hyphens, a letter first');
    this.whole(policy['version'], '/version', 1, 1_000_000);
    if (typeof timeZone !== 'string' || !isTimeZone(timeZone))
      this.fault('/timeZone', 'is no time zone that is known', 'give an IANA name, such as UTC or Europe/Amsterdam');
    if (currency !== null && (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)))
      this.fault('/currency', 'is no ISO 4217 code', 'give three capitals, such as EUR, or null for none');
    this.signals(policy['signals']);
    this.days(policy['acquisition'], '/acquisition', ['coldAfterDays']);
    this.days(policy['onboarding'], '/onboarding', ['secondOrderDueDays']);
    this.silence(policy['silence']);
    this.expansion(policy['expansion']);
    this.days(policy['contracts'], '/contracts', ['graceDays']);
    this.categories(policy['taxonomy'], policy['replacementDays']);
    this.ladder(policy['ladder']);
    this.tiers(policy['tiers']);
    this.treatments(policy['treatments']);
  }

  private signals(value: unknown): void {
    const signals = this.record(value, '/signals');
    for (const [type, list] of Object.entries(signals)) {
      const path = `/signals/${escape(type)}`;
      this.list(list, path).forEach((one, index) => this.signal(one, `${path}/${index}`));
    }
  }

  private signal(value: unknown, path: string): void {
    const signal = this.object(value, path, ['phase', 'intent'], ['when']);
    if (signal === null) return;
    if (signal['phase'] !== null) this.oneOf(signal['phase'], `${path}/phase`, PHASES, ' or null');
    if (typeof signal['intent'] !== 'boolean')
      this.fault(
        `${path}/intent`,
        'is neither true nor false',
        'say true where the customer does it of their own accord',
      );
    if (signal['when'] === undefined) return;
    this.list(signal['when'], `${path}/when`).forEach((one, index) => this.comparison(one, `${path}/when/${index}`));
  }

  private comparison(value: unknown, path: string): void {
    const comparison = this.object(value, path, ['field', 'op'], ['value']);
    if (comparison === null) return;
    const { field, op, value: operand } = comparison;
    if (typeof field !== 'string' || field === '')
      this.fault(`${path}/field`, 'names no field', 'name a field of the touchpoint’s data; dots step into objects');
    if (!this.oneOf(op, `${path}/op`, OPS)) return;
    if (op === 'present') {
      if (operand !== undefined)
        this.fault(`${path}/value`, 'has no place here', 'leave it out: present compares nothing');
    } else if (op === 'one-of') {
      if (!Array.isArray(operand) || operand.length === 0 || !operand.every(isScalar))
        this.fault(`${path}/value`, 'is no list to choose from', 'give a list of at least one text, number or boolean');
    } else if (op === 'equals' || op === 'not-equals') {
      if (!isScalar(operand))
        this.fault(`${path}/value`, 'is no plain value', 'give a text, a number, true, false or null');
    } else if (typeof operand !== 'number' || !Number.isFinite(operand))
      this.fault(`${path}/value`, 'is no number', 'only numbers are compared by size');
  }

  private silence(value: unknown): void {
    const mode = isFields(value) ? value['mode'] : undefined;
    if (mode === 'seasonal') this.seasonal(value);
    else if (mode === 'personal-rhythm') this.personalRhythm(value);
    else if (this.object(value, '/silence', ['mode'], null) !== null)
      this.oneOf(mode, '/silence/mode', ['personal-rhythm', 'seasonal']);
  }

  private seasonal(value: unknown): void {
    const silence = this.object(value, '/silence', [
      'mode',
      'atRiskDaysAfterAnniversary',
      'lapsedDaysAfterAnniversary',
      'lostDaysAfterSecondAnniversary',
    ]);
    if (silence === null) return;
    const atRisk = this.whole(silence['atRiskDaysAfterAnniversary'], '/silence/atRiskDaysAfterAnniversary', 0, 364);
    const lapsed = this.whole(silence['lapsedDaysAfterAnniversary'], '/silence/lapsedDaysAfterAnniversary', 1, 364);
    this.whole(silence['lostDaysAfterSecondAnniversary'], '/silence/lostDaysAfterSecondAnniversary', 0, DAYS_MAX);
    if (atRisk !== null && lapsed !== null && lapsed <= atRisk)
      this.fault(
        '/silence/lapsedDaysAfterAnniversary',
        `is not above atRiskDaysAfterAnniversary (${atRisk})`,
        'at-risk comes before lapsed, and lapsed before lost: give more days',
      );
  }

  private personalRhythm(value: unknown): void {
    const silence = this.object(value, '/silence', [
      'mode',
      'intervals',
      'daysNeeded',
      'atRiskTimesRhythm',
      'atRiskDaysMin',
      'atRiskDaysMax',
      'atRiskDaysWithoutRhythm',
      'lapsedTimesAtRisk',
      'lostDays',
      'lostTimesAtRisk',
    ]);
    if (silence === null) return;
    this.whole(silence['intervals'], '/silence/intervals', 1, 100);
    this.whole(silence['daysNeeded'], '/silence/daysNeeded', 2, 100);
    this.factor(silence['atRiskTimesRhythm'], '/silence/atRiskTimesRhythm', 0);
    const min = this.whole(silence['atRiskDaysMin'], '/silence/atRiskDaysMin', 1, DAYS_MAX);
    const max = this.whole(silence['atRiskDaysMax'], '/silence/atRiskDaysMax', 1, DAYS_MAX);
    if (min !== null && max !== null && max < min)
      this.fault('/silence/atRiskDaysMax', `is below atRiskDaysMin (${min})`, 'give at least as many days');
    const without = this.whole(silence['atRiskDaysWithoutRhythm'], '/silence/atRiskDaysWithoutRhythm', 1, DAYS_MAX);
    const lapsedTimes = this.factor(silence['lapsedTimesAtRisk'], '/silence/lapsedTimesAtRisk', 1);
    const lostTimes = this.factor(silence['lostTimesAtRisk'], '/silence/lostTimesAtRisk', 1);
    const lost = this.whole(silence['lostDays'], '/silence/lostDays', 1, DAYS_MAX);
    if (lapsedTimes !== null && lostTimes !== null && lostTimes <= lapsedTimes)
      this.fault(
        '/silence/lostTimesAtRisk',
        `is not above lapsedTimesAtRisk (${lapsedTimes})`,
        'at-risk comes before lapsed, and lapsed before lost: give a larger factor',
      );
    if (lost !== null && without !== null && lapsedTimes !== null && lost <= Math.ceil(lapsedTimes * without))
      this.fault(
        '/silence/lostDays',
        `is not above lapsed without rhythm (${Math.ceil(lapsedTimes * without)} days)`,
        'at-risk comes before lapsed, and lapsed before lost: give more days',
      );
  }

  private expansion(value: unknown): void {
    const expansion = this.object(value, '/expansion', [
      'windowDays',
      'crossSellOrdersBefore',
      'upSellTimesMedian',
      'upSellOrdersBefore',
      'advocacyStarsMin',
      'advocacyNpsMin',
    ]);
    if (expansion === null) return;
    this.whole(expansion['windowDays'], '/expansion/windowDays', 1, DAYS_MAX);
    this.whole(expansion['crossSellOrdersBefore'], '/expansion/crossSellOrdersBefore', 1, 1000);
    this.factor(expansion['upSellTimesMedian'], '/expansion/upSellTimesMedian', 1);
    this.whole(expansion['upSellOrdersBefore'], '/expansion/upSellOrdersBefore', 1, 1000);
    this.whole(expansion['advocacyStarsMin'], '/expansion/advocacyStarsMin', 1, 5);
    this.whole(expansion['advocacyNpsMin'], '/expansion/advocacyNpsMin', 0, 10);
  }

  private categories(taxonomy: unknown, replacement: unknown): void {
    const declared = new Set<unknown>();
    this.list(taxonomy, '/taxonomy').forEach((category, index) => {
      const path = `/taxonomy/${index}`;
      if (typeof category !== 'string' || category === '')
        this.fault(path, 'is no category', 'give the text that the lines of orders carry as category');
      else if (declared.has(category)) this.fault(path, `repeats ${category}`, 'name each category once');
      declared.add(category);
    });
    for (const [category, days] of Object.entries(this.record(replacement, '/replacementDays'))) {
      const path = `/replacementDays/${escape(category)}`;
      this.whole(days, path, 1, DAYS_MAX);
      if (!declared.has(category))
        this.fault(path, 'is a category that the taxonomy does not declare', 'add it to taxonomy, or drop it here');
    }
  }

  private ladder(value: unknown): void {
    this.list(value, '/ladder').forEach((one, index) => {
      const path = `/ladder/${index}`;
      const rung = this.object(one, path, ['rung', 'needs']);
      if (rung === null) return;
      if (typeof rung['rung'] !== 'string' || rung['rung'] === '')
        this.fault(`${path}/rung`, 'is no name', 'give the rung a name');
      const optional = ['intent', 'ordersAtLeast', 'satisfactionAtLeast', 'referralsConvertedAtLeast'];
      const needs = this.object(rung['needs'], `${path}/needs`, [], optional);
      if (needs === null) return;
      const { intent, ordersAtLeast, satisfactionAtLeast, referralsConvertedAtLeast } = needs;
      if (intent !== undefined && typeof intent !== 'boolean')
        this.fault(`${path}/needs/intent`, 'is neither true nor false', 'say true where an intent is asked for');
      if (ordersAtLeast !== undefined) this.whole(ordersAtLeast, `${path}/needs/ordersAtLeast`, 0, 1_000_000);
      if (satisfactionAtLeast !== undefined)
        this.oneOf(satisfactionAtLeast, `${path}/needs/satisfactionAtLeast`, GRADES);
      if (referralsConvertedAtLeast !== undefined)
        this.whole(referralsConvertedAtLeast, `${path}/needs/referralsConvertedAtLeast`, 0, 1_000_000);
    });
  }

  private tiers(value: unknown): void {
    const tiers = this.object(value, '/tiers', ['trailingMonths', 'shareOfA', 'shareOfB']);
    if (tiers === null) return;
    this.whole(tiers['trailingMonths'], '/tiers/trailingMonths', 1, 1200);
    const a = this.share(tiers['shareOfA'], '/tiers/shareOfA');
    const b = this.share(tiers['shareOfB'], '/tiers/shareOfB');
    if (a !== null && b !== null && b <= a)
      this.fault('/tiers/shareOfB', `is not above shareOfA (${a})`, 'tier B ends above tier A: give a larger share');
  }

  private treatments(value: unknown): void {
    for (const [stage, phases] of Object.entries(this.record(value, '/treatments'))) {
      const path = `/treatments/${escape(stage)}`;
      const known = Object.hasOwn(STAGES, stage) ? STAGES[stage] : undefined;
      if (known === undefined) {
        this.fault(path, 'is no stage', `use one of ${Object.keys(STAGES).join(', ')}`);
        continue;
      }
      for (const [phase, treatment] of Object.entries(this.record(phases, path))) {
        const place = `${path}/${escape(phase)}`;
        if (!known.includes(phase)) this.fault(place, `is no phase of ${stage}`, `use one of ${known.join(', ')}`);
        this.treatment(treatment, place);
      }
    }
  }

  private treatment(value: unknown, path: string): void {
    if (typeof value === 'string' && value !== '') return;
    if (!isFields(value)) {
      this.fault(path, 'names no treatment', 'give the name of the treatment, or an object with its name');
      return;
    }
    this.object(value, path, ['name'], ['purpose', 'media', 'validDays']);
    const { name, purpose, media, validDays } = value;
    if (name !== undefined && (typeof name !== 'string' || name === ''))
      this.fault(`${path}/name`, 'names no treatment', 'give the name of the treatment');
    if (purpose !== undefined && (typeof purpose !== 'string' || purpose === ''))
      this.fault(
        `${path}/purpose`,
        'names no purpose',
        'give the purpose as consent-given names it, such as marketing',
      );
    const listed = this.list(media, `${path}/media`);
    if (Array.isArray(media) && media.length === 0)
      this.fault(`${path}/media`, 'names no medium', `name one or more of ${MEDIA.join(', ')}`);
    listed.forEach((medium, index) => {
      const place = `${path}/media/${index}`;
      if (!this.oneOf(medium, place, MEDIA)) return;
      if (listed.indexOf(medium) < index) this.fault(place, 'is named twice', 'name each medium once');
    });
    this.whole(validDays, `${path}/validDays`, 1, DAYS_MAX);
  }

  /** The object at a path, with the fields it must have and may have (`null`: whatever it likes). */
  private object(
    value: unknown,
    path: string,
    required: readonly string[],
    optional: readonly string[] | null = [],
  ): Fields | null {
    if (!isFields(value)) {
      this.fault(
        path,
        value === undefined ? 'is missing' : 'is no object',
        'give an object with the fields named in the manual',
      );
      return null;
    }
    for (const field of required)
      if (!Object.hasOwn(value, field))
        this.fault(`${path}/${field}`, 'is missing', 'give it; a built-in policy shows how');
    if (optional !== null)
      for (const field of Object.keys(value))
        if (!required.includes(field) && !optional.includes(field))
          this.fault(
            `${path}/${escape(field)}`,
            'is not known',
            `drop it; known are ${[...required, ...optional].join(', ')}`,
          );
    return value;
  }

  private days(value: unknown, path: string, fields: readonly string[]): void {
    const object = this.object(value, path, fields);
    if (object !== null) for (const field of fields) this.whole(object[field], `${path}/${field}`, 1, DAYS_MAX);
  }

  private record(value: unknown, path: string): Fields {
    if (isFields(value)) return value;
    if (value !== undefined) this.fault(path, 'is no object', 'give an object, {} where there is nothing to say');
    return {};
  }

  private list(value: unknown, path: string): readonly unknown[] {
    if (Array.isArray(value)) return value as readonly unknown[];
    if (value !== undefined) this.fault(path, 'is no list', 'give a list, [] where there is nothing to say');
    return [];
  }

  /** A field that is missing was told of already. */
  private whole(value: unknown, path: string, min: number, max: number): number | null {
    if (value === undefined) return null;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    this.fault(path, 'is no whole number within bounds', `give a whole number from ${min} to ${max}`);
    return null;
  }

  private factor(value: unknown, path: string, above: number): number | null {
    if (value === undefined) return null;
    if (typeof value === 'number' && Number.isFinite(value) && value > above && value <= 1000) return value;
    this.fault(path, `is no factor above ${above}`, `give a number above ${above}, at most 1000`);
    return null;
  }

  private share(value: unknown, path: string): number | null {
    if (value === undefined) return null;
    if (typeof value === 'number' && value > 0 && value < 1) return value;
    this.fault(path, 'is no share', 'give a number between 0 and 1');
    return null;
  }

  private oneOf(value: unknown, path: string, words: readonly string[], also = ''): boolean {
    if (value === undefined) return false;
    if (typeof value === 'string' && words.includes(value)) return true;
    this.fault(path, 'is not one of the words', `use one of ${words.join(', ')}${also}`);
    return false;
  }

  private fault(path: string, reason: string, hint: string): void {
    this.errors.push({ pointer: `#${path}`, detail: reason, hint: hint });
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

/** A name as a part of a JSON pointer. */
function escape(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
