import type { Phase, Stage } from '#lifecycle';

export const STAGES = ['acquisition', 'retention', 'expansion'] as const satisfies readonly Stage[];

export const PHASES = [
  'awareness',
  'knowledge',
  'consideration',
  'evaluation',
  'cold',
  'onboarding',
  'active',
  'at-risk',
  'lapsed',
  'lost',
  'cross-sell',
  'up-sell',
  'advocacy',
] as const satisfies readonly Phase[];
