import { documentReader, PolicyForm, type ValidationIssue } from '#contracts';
import type { Policy } from './policy.js';
import { POLICY_RULES } from './policy-rules.js';

export type PolicyVerdict =
  { readonly ok: true; readonly policy: Policy } | { readonly ok: false; readonly errors: readonly ValidationIssue[] };

const POLICY = documentReader(PolicyForm, { rules: POLICY_RULES });

/** Checks a document that is to be a policy: first each field by itself, then what the fields say about one another. */
export function validatePolicy(document: unknown): PolicyVerdict {
  const reading = POLICY.read(document);
  return reading.ok ? { ok: true, policy: document as Policy } : reading;
}
