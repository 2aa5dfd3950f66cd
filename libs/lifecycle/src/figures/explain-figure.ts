import type { EventRef } from '../model.js';
import type { Figure, FigureAmount, FigureUnit, FigureValue } from './figure.js';
import { moneyWords } from './money-figure.js';

/** An amount as an answer shows it. */
export interface ShownAmount {
  /** As people read it; null where it is not known. */
  readonly value: string | null;
  readonly number: number | null;
  readonly currency: string | null;
  readonly word: string | null;
}

/** The amounts of a value; one without anything where the value is not known. */
export function shownAmounts(amounts: readonly FigureAmount[], unit: FigureUnit): readonly ShownAmount[] {
  if (amounts.length === 0) return [{ value: null, number: null, currency: null, word: null }];
  return amounts.map((amount) => {
    const { number, currency, text: word } = amount;
    return { value: amountWords(amount, unit), number, currency, word };
  });
}

/** A figure's value with its explanation: one for each amount, or one where it is not known. */
export interface ExplainedFigure extends ShownAmount {
  readonly figure: string;
  readonly unit: FigureUnit;
  readonly unknown: string | null;
  readonly notes: readonly string[];
  readonly formula: string;
  readonly source: string;
  readonly steps: readonly string[];
  readonly events: readonly EventRef[];
  /** One thought a line. */
  readonly text: string;
}

export function explainFigureValue(figure: Figure, value: FigureValue): readonly ExplainedFigure[] {
  const { name, unit, formula, source } = figure;
  const { unknown, notes, steps, events } = value;
  const text = explanationOf(figure, value);
  const shared = { figure: name, unit, unknown, notes, formula, source, steps, events, text };
  return shownAmounts(value.amounts, unit).map((shown) => ({ ...shared, ...shown }));
}

const EVENTS_SHOWN = 20;

function explanationOf(figure: Figure, { amounts, unknown, notes, steps, events }: FigureValue): string {
  const { name, unit, meaning, formula, source } = figure;
  const is = unknown === null ? amounts.map((amount) => amountWords(amount, unit)).join(' + ') : 'not known';
  const named = events.slice(-EVENTS_SHOWN).map(({ source: from, id }) => `${from} ${id}`);
  const earlier = events.length > named.length ? `${events.length - named.length} earlier ones, ` : '';
  return [
    `${name} is ${is}.`,
    ...(unknown === null ? [] : [`Why: ${unknown}.`]),
    `${meaning}.`,
    `Formula: ${formula}.`,
    `Source: ${source}.`,
    ...steps.map((step) => `  ${step}`),
    ...notes.map((note) => `Note: ${note}.`),
    ...(named.length === 0 ? [] : [`Events: ${earlier}${named.join(', ')}.`]),
  ].join('\n');
}

/** A value as people read it: 12.50 EUR, 87.5 %, 3 days. */
function amountWords({ number, text, currency }: FigureAmount, unit: FigureUnit): string {
  if (number === null) return text ?? '';
  switch (unit) {
    case 'money':
      return currency === null ? '0' : moneyWords(number, currency);
    case 'share':
      return `${Math.round(number * 1_000) / 10} %`;
    case 'days':
    case 'minutes':
      return `${number} ${unit}`;
    case 'count':
    case 'word':
    case 'day':
      return String(number);
    default:
      return unit satisfies never;
  }
}
