/** The segments of the demonstration: one of figures and silence, one of behaviour in a window, one of consent and another segment. */
export const DEMONSTRATION_SEGMENTS: readonly Readonly<Record<string, unknown>>[] = [
  {
    id: 'win-back',
    name: 'To be won back',
    description: 'Customers who bought more than once and have been silent for long.',
    when: {
      all: [
        { field: 'phase', op: 'one-of', value: ['lapsed', 'lost'] },
        { field: 'orders', op: 'at-least', value: 2 },
      ],
    },
  },
  {
    id: 'looking-around',
    name: 'Looking around',
    description: 'They looked at products lately, and have bought nothing for a month.',
    when: {
      all: [{ did: 'product-viewed', withinDays: 14 }, { not: { did: 'order-placed', withinDays: 30 } }],
    },
  },
  {
    id: 'win-back-by-mail',
    name: 'To be won back by mail',
    description: 'Those to be won back who allow marketing by e-mail.',
    when: { all: [{ segment: 'win-back' }, { consent: 'marketing', medium: 'email' }] },
  },
];
