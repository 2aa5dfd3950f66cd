import { isDay, MEDIA, pointerTo, type DocumentRule, type PolicyForm, type ValidationIssue } from '#contracts';
import { periodOf } from '../calendar/period.js';
import { minutesOf } from '../contact/quiet-hours.js';
import { isTimeZone } from '../calendar/zone.js';

/** What the fields of a policy say about one another: each rule is a pure function of a policy whose fields are right by themselves. */
type Rule = DocumentRule<PolicyForm>;
type Issues = readonly ValidationIssue[];

const NONE: Issues = [];

const timeZoneIsKnown: Rule = ({ timeZone }) =>
  isTimeZone(timeZone)
    ? NONE
    : [
        {
          pointer: pointerTo('timeZone'),
          detail: `must be a known time zone (got ${JSON.stringify(timeZone)})`,
          hint: 'give an IANA name, such as UTC or Europe/Amsterdam',
        },
      ];

const comparisonsHaveTheirValue: Rule = ({ signals }) =>
  Object.entries(signals).flatMap(([type, list]) =>
    list.flatMap(({ when = [] }, signal) =>
      when.flatMap(({ op, value }, comparison) => {
        const wanted = comparisonIssue(op, value);
        if (wanted === null) return NONE;
        return [{ pointer: pointerTo('signals', type, signal, 'when', comparison, 'value'), ...wanted }];
      }),
    ),
  );

/** What is wrong with the value that a comparison compares with; null where it is right. */
export function comparisonIssue(op: string, value: unknown): Pick<ValidationIssue, 'detail' | 'hint'> | null {
  switch (op) {
    case 'present':
      if (value === undefined) return null;
      return { detail: 'must be absent beside the op present', hint: 'leave it out: present compares with nothing' };
    case 'one-of':
      if (Array.isArray(value) && value.length > 0 && value.every(isScalar)) return null;
      return {
        detail: 'must be a list beside the op one-of',
        hint: 'give a list of at least one text, number, true, false or null',
      };
    case 'equals':
    case 'not-equals':
      if (isScalar(value)) return null;
      return {
        detail: `must be a plain value beside the op ${op}`,
        hint: 'give a text, a number, true, false or null',
      };
    default:
      if (typeof value === 'number' && Number.isFinite(value)) return null;
      return {
        detail: `must be a number beside the op ${op}`,
        hint: 'give a number: only numbers are compared by size',
      };
  }
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

const ORDER = 'at-risk comes before lapsed, and lapsed before lost';

const silenceThresholdsAreInOrder: Rule = ({ silence }) => {
  if (silence.mode === 'seasonal') {
    const { atRiskDaysAfterAnniversary: atRisk, lapsedDaysAfterAnniversary: lapsed } = silence;
    if (lapsed > atRisk) return NONE;
    return [
      notAbove('lapsedDaysAfterAnniversary', `atRiskDaysAfterAnniversary (${atRisk})`, `${ORDER}: give more days`),
    ];
  }
  const { atRiskDaysMin, atRiskDaysMax, atRiskDaysWithoutRhythm, lapsedTimesAtRisk, lostTimesAtRisk, lostDays } =
    silence;
  const lapsedDays = Math.ceil(lapsedTimesAtRisk * atRiskDaysWithoutRhythm);
  return [
    ...(atRiskDaysMax >= atRiskDaysMin
      ? NONE
      : [
          {
            pointer: pointerTo('silence', 'atRiskDaysMax'),
            detail: `must be at least atRiskDaysMin (${atRiskDaysMin})`,
            hint: 'give at least as many days',
          },
        ]),
    ...(lostTimesAtRisk > lapsedTimesAtRisk
      ? NONE
      : [notAbove('lostTimesAtRisk', `lapsedTimesAtRisk (${lapsedTimesAtRisk})`, `${ORDER}: give a larger factor`)]),
    ...(lostDays > lapsedDays
      ? NONE
      : [notAbove('lostDays', `lapsed without a rhythm (${lapsedDays} days)`, `${ORDER}: give more days`)]),
  ];
};

function notAbove(field: string, bound: string, hint: string): ValidationIssue {
  return { pointer: pointerTo('silence', field), detail: `must be above ${bound}`, hint };
}

const categoriesAreDistinct: Rule = ({ taxonomy }) =>
  repeated(taxonomy).map((index) => ({
    pointer: pointerTo('taxonomy', index),
    detail: `repeats ${JSON.stringify(taxonomy[index])}`,
    hint: 'name each category once',
  }));

const replacedCategoriesAreDeclared: Rule = ({ taxonomy, replacementDays }) => {
  const declared = new Set(taxonomy);
  return Object.keys(replacementDays)
    .filter((category) => !declared.has(category))
    .map((category) => ({
      pointer: pointerTo('replacementDays', category),
      detail: 'is a category that the taxonomy does not declare',
      hint: 'add it to taxonomy, or leave it out here',
    }));
};

const tierBEndsAboveTierA: Rule = ({ tiers: { shareOfA, shareOfB } }) =>
  shareOfB > shareOfA
    ? NONE
    : [
        {
          pointer: pointerTo('tiers', 'shareOfB'),
          detail: `must be above shareOfA (${shareOfA})`,
          hint: 'tier B ends above tier A: give a larger share',
        },
      ];

const mediaAreDistinct: Rule = ({ treatments }) =>
  Object.entries(treatments).flatMap(([stage, phases]) =>
    Object.entries(phases as Readonly<Record<string, string | { readonly media?: readonly string[] }>>).flatMap(
      ([phase, treatment]) =>
        repeated(typeof treatment === 'string' ? [] : (treatment.media ?? [])).map((index) => ({
          pointer: pointerTo('treatments', stage, phase, 'media', index),
          detail: 'is named twice',
          hint: 'name each medium once',
        })),
    ),
  );

const purposesAreDistinct: Rule = ({ purposes = [] }) =>
  repeated(purposes.map(({ name }) => name)).map((index) => ({
    pointer: pointerTo('purposes', index, 'name'),
    detail: 'is named twice',
    hint: 'name each purpose once',
  }));

const MONTHS_MAX = 1_200;
const DAYS_MAX = 36_525;

const periodsAreOfADayToACentury: Rule = ({ retention = [] }) =>
  retention.flatMap((rule, index) =>
    (['after', 'grace'] as const).flatMap((field) => {
      const text = field === 'after' ? rule.after : rule.what === 'person' ? rule.grace : undefined;
      if (text === undefined) return NONE;
      const { months, days } = periodOf(text);
      if (months + days > 0 && months <= MONTHS_MAX && days <= DAYS_MAX) return NONE;
      return [
        {
          pointer: pointerTo('retention', index, field),
          detail: `must be a period from a day to a century (got ${JSON.stringify(text)})`,
          hint: 'give one such as P3Y or P30D',
        },
      ];
    }),
  );

const subjectOfRule = (rule: NonNullable<PolicyForm['retention']>[number]): string => {
  switch (rule.what) {
    case 'person':
      return `person since ${rule.since}`;
    case 'class':
      return `class ${rule.class}`;
    default:
      return rule.what;
  }
};

const retentionNamesEachOnce: Rule = ({ retention = [] }) => [
  ...repeated(retention.map(subjectOfRule)).map((index) => ({
    pointer: pointerTo('retention', index),
    detail: 'is a second rule for the same',
    hint: 'keep one of the two: the shorter time would hold',
  })),
  ...retention.flatMap((rule, index) =>
    (['unless', 'media'] as const).flatMap((field) =>
      repeated(rule.what === 'person' ? (rule[field] ?? []) : []).map((place) => ({
        pointer: pointerTo('retention', index, field, place),
        detail: 'is named twice',
        hint: 'name each once',
      })),
    ),
  ),
];

const MINUTES_OF_A_DAY = 1_440;

const quietHoursLeaveSomeOfTheDay: Rule = ({ contact }) => {
  const hours = contact?.quietHours ?? [];
  const endless = hours.flatMap(({ from, until }, index) =>
    from === until
      ? [
          {
            pointer: pointerTo('contact', 'quietHours', index, 'until'),
            detail: `must differ from its beginning (${from})`,
            hint: 'give the time at which contacts are allowed again',
          },
        ]
      : [],
  );
  if (endless.length > 0) return endless;
  const closed = MEDIA.filter((medium) => {
    const applying = hours.filter(({ media }) => media === undefined || media.includes(medium));
    if (applying.length < 2) return false;
    return Array.from({ length: MINUTES_OF_A_DAY }).every((_, minute) =>
      applying.some(({ from, until }) => {
        const [begin, end] = [minutesOf(from), minutesOf(until)];
        return end > begin ? minute >= begin && minute < end : minute >= begin || minute < end;
      }),
    );
  });
  if (closed.length === 0) return NONE;
  return [
    {
      pointer: pointerTo('contact', 'quietHours'),
      detail: `leaves no time of the day for ${closed.join(', ')}`,
      hint: 'shorten one of the quiet hours, or name fewer media',
    },
  ];
};

const holdbackDaysAreDays: Rule = ({ contact }) => {
  const days = contact?.holdbackDays ?? [];
  return [
    ...days.flatMap((day, index) =>
      // 29 February is a day of each leap year.
      isDay(day.length === 5 ? `2024-${day}` : day)
        ? NONE
        : [
            {
              pointer: pointerTo('contact', 'holdbackDays', index),
              detail: `must be a day of the calendar (got ${JSON.stringify(day)})`,
              hint: 'give one such as 12-25, for each year, or 2026-12-25',
            },
          ],
    ),
    ...repeated(days).map((index) => ({
      pointer: pointerTo('contact', 'holdbackDays', index),
      detail: 'is named twice',
      hint: 'name each day once',
    })),
  ];
};

const contactRulesNameEachOnce: Rule = ({ contact = {} }) => [
  ...repeated((contact.caps ?? []).map(({ days, medium, purpose }) => JSON.stringify([days, medium, purpose]))).map(
    (index) => ({
      pointer: pointerTo('contact', 'caps', index),
      detail: 'is a second cap for the same days, medium and purpose',
      hint: 'keep the lower one',
    }),
  ),
  ...(['exemptPurposes', 'doubleOptIn'] as const).flatMap((field) =>
    repeated(contact[field] ?? []).map((index) => ({
      pointer: pointerTo('contact', field, index),
      detail: 'is named twice',
      hint: 'name each purpose once',
    })),
  ),
  ...(contact.quietHours ?? []).flatMap(({ media = [] }, place) =>
    repeated(media).map((index) => ({
      pointer: pointerTo('contact', 'quietHours', place, 'media', index),
      detail: 'is named twice',
      hint: 'name each medium once',
    })),
  ),
];

const costsHaveACurrency: Rule = ({ costs, currency }) =>
  costs === undefined || currency !== null
    ? NONE
    : [
        {
          pointer: pointerTo('currency'),
          detail: 'must be a currency beside costs: they are amounts in it',
          hint: 'name the currency of the business, such as EUR, or leave costs out',
        },
      ];

/** The places of texts that stand earlier in the list too. */
function repeated(texts: readonly string[]): readonly number[] {
  const seen = new Set<string>();
  return texts.flatMap((text, index) => {
    if (seen.has(text)) return [index];
    seen.add(text);
    return [];
  });
}

/** In the order of the fields that they speak of. */
export const POLICY_RULES: readonly Rule[] = [
  timeZoneIsKnown,
  comparisonsHaveTheirValue,
  silenceThresholdsAreInOrder,
  categoriesAreDistinct,
  replacedCategoriesAreDeclared,
  tierBEndsAboveTierA,
  mediaAreDistinct,
  purposesAreDistinct,
  periodsAreOfADayToACentury,
  retentionNamesEachOnce,
  quietHoursLeaveSomeOfTheDay,
  holdbackDaysAreDays,
  contactRulesNameEachOnce,
  costsHaveACurrency,
];
