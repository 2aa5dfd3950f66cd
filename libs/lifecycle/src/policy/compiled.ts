import { policyVersion, type Comparison, type Policy, type Signal, type TreatmentRule } from './policy.js';

/** The phases of acquisition from the first to the furthest; a signal is stored as its index here. */
export const ACQUISITION_LADDER = ['awareness', 'knowledge', 'consideration', 'evaluation'] as const;

/** What a touchpoint signals under a policy. */
export interface TouchpointSignal {
  /** Index in the ladder of acquisition, or -1 where it signals no phase. */
  readonly phase: number;
  readonly intent: boolean;
}

const NOTHING: TouchpointSignal = { phase: -1, intent: false };

/** A policy prepared for the fold: names are resolved once, not once per event. */
export interface CompiledPolicy {
  readonly policy: Policy;
  readonly version: string;
  /** What a touchpoint of this type and data signals: the furthest phase and any intent among the signals whose conditions hold. */
  signalOf(type: string, data: Readonly<Record<string, unknown>>): TouchpointSignal;
  readonly taxonomy: ReadonlySet<string>;
  readonly hasReplacement: boolean;
  /** The treatment of a phase; null where the policy names none. */
  treatment(stage: string, phase: string): Required<TreatmentRule> | null;
}

const TREATMENT = { purpose: 'marketing', media: ['email'], validDays: 30 };

const compiled = new WeakMap<Policy, CompiledPolicy>();

/** The compiled form of a policy; built once, since a published policy never changes. */
export function compile(policy: Policy): CompiledPolicy {
  let ready = compiled.get(policy);
  if (ready === undefined) compiled.set(policy, (ready = build(policy)));
  return ready;
}

function build(policy: Policy): CompiledPolicy {
  const constants = new Map<string, TouchpointSignal>();
  const conditional = new Map<string, readonly Signal[]>();
  for (const [type, signals] of Object.entries(policy.signals)) {
    if (signals.some((signal) => signal.when !== undefined && signal.when.length > 0)) conditional.set(type, signals);
    else constants.set(type, sum(signals));
  }
  const treatments = new Map<string, Required<TreatmentRule>>();
  for (const [stage, phases] of Object.entries(policy.treatments))
    for (const [phase, rule] of Object.entries(phases))
      treatments.set(`${stage}/${phase}`, { ...TREATMENT, ...(typeof rule === 'string' ? { name: rule } : rule) });
  return {
    policy,
    version: policyVersion(policy),
    treatment: (stage, phase) => treatments.get(`${stage}/${phase}`) ?? null,
    signalOf(type, data) {
      const constant = constants.get(type);
      if (constant !== undefined) return constant;
      const signals = conditional.get(type);
      if (signals === undefined) return NOTHING;
      return sum(signals.filter((signal) => (signal.when ?? []).every((comparison) => holds(comparison, data))));
    },
    taxonomy: new Set(policy.taxonomy),
    hasReplacement: Object.keys(policy.replacementDays).length > 0,
  };
}

/** One action that a policy names: what to do in a phase, by one medium. */
export interface PolicyTreatment {
  readonly stage: string;
  readonly phase: string;
  readonly treatment: string;
  readonly purpose: string;
  readonly medium: string;
}

/** Every treatment of a policy, a row for each medium, with the defaults filled in. */
export function policyTreatments(policy: Policy): readonly PolicyTreatment[] {
  return Object.entries(policy.treatments).flatMap(([stage, phases]) =>
    Object.keys(phases).flatMap((phase) => {
      const rule = compile(policy).treatment(stage, phase);
      if (rule === null) return [];
      return rule.media.map((medium) => ({ stage, phase, treatment: rule.name, purpose: rule.purpose, medium }));
    }),
  );
}

/** Of several signals the furthest phase counts. Without intent no signal goes beyond awareness. */
function sum(signals: readonly Signal[]): TouchpointSignal {
  let phase = -1;
  let intent = false;
  for (const signal of signals) {
    const place = signal.phase === null ? -1 : ACQUISITION_LADDER.indexOf(signal.phase);
    phase = Math.max(phase, signal.intent ? place : Math.min(place, 0));
    intent ||= signal.intent;
  }
  return { phase, intent };
}

/** Whether a comparison holds. For an absent field only `not-equals` holds. */
export function holds(comparison: Comparison, data: Readonly<Record<string, unknown>>): boolean {
  const actual = fieldOf(data, comparison.field);
  const { op, value } = comparison;
  switch (op) {
    case 'present':
      return actual !== undefined && actual !== null;
    case 'equals':
      return actual === value;
    case 'not-equals':
      return actual !== value;
    case 'one-of':
      return Array.isArray(value) && (value as readonly unknown[]).includes(actual);
    case 'less':
      return comparable(actual, value) && (actual as number) < (value as number);
    case 'at-most':
      return comparable(actual, value) && (actual as number) <= (value as number);
    case 'more':
      return comparable(actual, value) && (actual as number) > (value as number);
    case 'at-least':
      return comparable(actual, value) && (actual as number) >= (value as number);
    default:
      return op satisfies never;
  }
}

/** Only numbers are compared by size: the order of texts depends on the language. */
function comparable(actual: unknown, value: unknown): boolean {
  return typeof actual === 'number' && typeof value === 'number';
}

function fieldOf(data: Readonly<Record<string, unknown>>, path: string): unknown {
  let at: unknown = data;
  for (const step of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<string, unknown>)[step];
  }
  return at;
}
