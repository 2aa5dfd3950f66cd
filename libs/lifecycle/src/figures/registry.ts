import type { Figure } from './figure.js';
import { PURCHASE_FIGURES } from './purchase-figures.js';
import { RELATION_FIGURES } from './relation-figures.js';
import { SATISFACTION_FIGURES } from './satisfaction-figures.js';
import { SERVICE_FIGURES } from './service-figures.js';

/** Every figure of a customer that follows from their own events, in the order of docs/figures.md. */
export const FIGURES: readonly Figure[] = [
  ...PURCHASE_FIGURES,
  ...SATISFACTION_FIGURES,
  ...RELATION_FIGURES,
  ...SERVICE_FIGURES,
];

const BY_NAME: ReadonlyMap<string, Figure> = new Map(FIGURES.map((figure) => [figure.name, figure]));

export const figureNamed = (name: string): Figure | null => BY_NAME.get(name) ?? null;
