import { Describe, OneOf, Optional } from '#contracts';
import { explainFigureValue, figureNamed, FIGURES, shownAmounts } from '#lifecycle';
import { CUSTOMER_KNOWN_COLUMN } from '../reading/columns.js';
import { figuresOf } from '../reading/figures.js';
import { OneCustomer } from '../reading/who.js';
import { query, type Column } from '../running/query.js';

const FIGURE_NAMES = FIGURES.map(({ name }) => name);

class FiguresParams extends OneCustomer {
  @Optional() @OneOf(...FIGURE_NAMES) @Describe('only this figure') figure!: string | null;
}

/** The columns of a value, in the words of docs/figures.md. */
const VALUE_COLUMNS: readonly Column[] = [
  { name: 'figure', type: 'text', description: 'the figure, by its name' },
  {
    name: 'value',
    type: 'text',
    nullable: true,
    description: 'the value as people read it; null where it is not known',
  },
  { name: 'unknown', type: 'text', nullable: true, description: 'why it is not known, and what would make it known' },
  {
    name: 'number',
    type: 'number',
    nullable: true,
    description: 'the value in the unit, money in minor units of the currency; null where it is a word or not known',
  },
  { name: 'currency', type: 'text', nullable: true, description: 'of money: ISO 4217' },
  { name: 'word', type: 'text', nullable: true, description: 'the value of a word, or a day' },
  { name: 'unit', type: 'text', description: 'money, count, days, minutes, share (from 0 to 1), word, or day' },
  { name: 'notes', type: 'json', description: 'what a reader must know of the value' },
];

/** What the relationship with one customer amounts to, at any instant of truth and of belief. */
export const figures = query({
  name: 'figures',
  summary: 'The figures of one customer: purchases, satisfaction, share of customer, loyalty, cost and profit.',
  description:
    'Computed from the log when the query runs. Money is converted into the currency of the policy at the rate of the day of each transaction; while the policy names none, there is a row for each currency. A figure that is not known has no value and says why: never 0. How each is computed: explain-figure, and docs/figures.md. No row if nothing was known about the customer.',
  permission: 'read',
  params: FiguresParams,
  time: 'as-of and known-at',
  paged: false,
  columns: [...VALUE_COLUMNS, { name: 'meaning', type: 'text', description: 'what the figure says' }],
  async answer(context, { params, asOf, knownAt, position }) {
    const { life, input } = await figuresOf(context, params, asOf, { knownAt, position });
    if (input === null) return { rows: [], next: null, position: life.position };
    const rows = FIGURES.filter(({ name }) => params.figure === null || name === params.figure).flatMap((figure) => {
      const { name, unit, meaning } = figure;
      const { amounts, unknown, notes } = figure.valueOf(input);
      const shared = { figure: name, unit, meaning, unknown, notes };
      return shownAmounts(amounts, unit).map((shown) => ({ ...shared, ...shown }));
    });
    return { rows, next: null, position: life.position };
  },
});

class ExplainFigureParams extends OneCustomer {
  @Optional() @OneOf(...FIGURE_NAMES) @Describe('the figure; satisfaction by default') figure!: string | null;
}

/** Why a figure of a customer is what it is: the rule, the formula with its numbers, and the events. */
export const explainFigure = query({
  name: 'explain-figure',
  summary: 'Why a figure of one customer is what it is: the formula with its numbers, and the events.',
  description:
    'Computed from the log when the query runs. text says it in plain English; the other columns say the same in parts. No row if nothing was known about the customer.',
  permission: 'read',
  params: ExplainFigureParams,
  time: 'as-of and known-at',
  paged: false,
  columns: [
    CUSTOMER_KNOWN_COLUMN,
    { name: 'text', type: 'text', description: 'the whole explanation, one thought a line' },
    ...VALUE_COLUMNS,
    { name: 'formula', type: 'text', description: 'how the figure is computed' },
    { name: 'steps', type: 'json', description: 'the formula with its numbers, a line for each step' },
    { name: 'source', type: 'text', description: 'the rule or the publication that the formula is taken from' },
    { name: 'events', type: 'json', description: 'the events that the value follows from, in their order' },
    { name: 'policyVersion', type: 'text', description: 'the policy in force at as-of' },
  ],
  async answer(context, { params, asOf, knownAt, position }) {
    const { life, input } = await figuresOf(context, params, asOf, { knownAt, position });
    const figure = figureNamed(params.figure ?? 'satisfaction');
    if (input === null || figure === null) return { rows: [], next: null, position: life.position };
    const explained = explainFigureValue(figure, figure.valueOf(input));
    const { customerId } = life;
    const { policyVersion } = input.view;
    return {
      rows: explained.map((row) => ({ ...row, customerId, policyVersion })),
      next: null,
      position: life.position,
    };
  },
});
