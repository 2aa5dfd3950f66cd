import { FreeText, Holds, Id, OneOf, Optional, Personal, Text, Whole, type Rule } from '../fields.js';

/** The scale of each kind of survey, both ends included. */
export const SURVEY_SCALES: Readonly<Record<string, readonly [min: number, max: number]>> = {
  nps: [0, 10],
  csat: [1, 5],
  /** 7 is easy. */
  ces: [1, 7],
};

export const SCORE_IS_ON_ITS_SCALE: Rule = {
  detail: 'the score is not on the scale of its kind',
  hint: 'nps runs from 0 to 10, csat from 1 to 5, ces from 1 to 7',
  schema: {
    anyOf: Object.entries(SURVEY_SCALES).map(([kind, [minimum, maximum]]) => ({
      properties: { kind: { const: kind }, score: { minimum, maximum } },
    })),
  },
  holds: ({ kind, score }) => {
    const scale = typeof kind === 'string' && Object.hasOwn(SURVEY_SCALES, kind) ? SURVEY_SCALES[kind] : undefined;
    return scale !== undefined && typeof score === 'number' && score >= scale[0] && score <= scale[1];
  },
};

/** The customer answered how satisfied they are: one touchpoint for each question. */
export class SurveyAnswered {
  @OneOf('nps', 'csat', 'ces') @Holds(SCORE_IS_ON_ITS_SCALE) kind!: string;
  @Whole(0, 10) score!: number;
  @Optional() @Id() surveyId?: string;
  @Optional() @Id() orderId?: string;
  @Optional() @Id() caseId?: string;
  @Optional() @Text() topic?: string;
  @Optional() @FreeText() @Personal('free-text') text?: string;
}

/** The customer published what the customer thinks. */
export class ReviewPosted {
  @Whole(1, 5) stars!: number;
  @Optional() @Id() reviewId?: string;
  @Optional() @Id() orderId?: string;
  @Optional() @Id() sku?: string;
  @Optional() @Text() category?: string;
  @Optional() @FreeText() @Personal('free-text') text?: string;
}
