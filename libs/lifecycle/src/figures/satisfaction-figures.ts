import { shareOfScale } from '#models';
import { numberValue, textValue, unknownValue, type Figure, type FigureInput, type FigureValue } from './figure.js';
import { satisfactionFigure } from './satisfaction.js';

const SOURCE = 'weighted mean of answers; weights halve every 180 days';
const UNKNOWN = 'the customer answered no survey and wrote no review in the last 360 days';
const ANSWERS_SHOWN = 20;

const found = ({ events, asOf, policy }: FigureInput) => satisfactionFigure(events, asOf, policy.timeZone);

/** What all three figures rest on: each answer with its weight, then the complaints. */
function basisOf(input: FigureInput): Pick<FigureValue, 'steps' | 'events'> {
  const { answers, openComplaints, score } = found(input);
  const left = answers.length - ANSWERS_SHOWN;
  const steps = answers
    .slice(0, ANSWERS_SHOWN)
    .map(
      ({ scale, answer, ageDays }) =>
        `${scale} ${answer} = ${shown(shareOfScale(answer, scale))}, ${ageDays} days old: weight ${shown(2 ** (-ageDays / 180))}`,
    );
  if (left > 0) steps.push(`… and ${left} earlier ones`);
  if (score !== null)
    steps.push(
      openComplaints.length === 0
        ? `weighted mean = ${shown(score)}`
        : `weighted mean − 0.1 × ${Math.min(openComplaints.length, 3)} open complaints = ${shown(score)}`,
    );
  return { steps, events: [...answers.map(({ event }) => event).reverse(), ...openComplaints] };
}

const shown = (number: number): string => String(Math.round(number * 1_000) / 1_000);

export const SATISFACTION_FIGURES: readonly Figure[] = [
  {
    name: 'satisfaction',
    unit: 'share',
    meaning: 'How satisfied the customer is, from 0 to 1',
    formula:
      'Σ weight × answer ÷ Σ weight − 0.1 × open complaints (at most 0.3); answer = NPS ÷ 10, (CSAT − 1) ÷ 4, (CES − 1) ÷ 6, (stars − 1) ÷ 4; weight = 2^(−age in days ÷ 180)',
    source: SOURCE,
    valueOf: (input) => {
      const { score } = found(input);
      return score === null ? unknownValue(UNKNOWN, basisOf(input)) : numberValue(score, basisOf(input));
    },
  },
  {
    name: 'satisfaction-grade',
    unit: 'word',
    meaning: 'Satisfaction in words: very-satisfied, satisfied, neutral, disappointed, very-disappointed',
    formula: 'satisfaction ≥ 0.8, ≥ 0.6, ≥ 0.4, ≥ 0.2, below',
    source: SOURCE,
    valueOf: (input) => {
      const { grade, score } = found(input);
      if (grade === null || score === null) return unknownValue(UNKNOWN, basisOf(input));
      const { steps, events } = basisOf(input);
      return textValue(grade, { steps: [...steps, `${shown(score)} is ${grade}`], events });
    },
  },
  {
    name: 'satisfaction-trend',
    unit: 'word',
    meaning: 'Whether satisfaction is better, the same or worse than 90 days before',
    formula: 'the grade now compared with the grade 90 days before',
    source: SOURCE,
    valueOf: (input) => {
      const { grade, gradeBefore, trend } = found(input);
      const { steps, events } = basisOf(input);
      if (trend === null)
        return unknownValue(grade === null ? UNKNOWN : 'satisfaction was not known 90 days before', { steps, events });
      return textValue(trend, { steps: [...steps, `90 days before ${gradeBefore}, now ${grade}: ${trend}`], events });
    },
  },
];
