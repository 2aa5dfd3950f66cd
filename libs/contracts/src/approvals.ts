/** The acts that a policy can put under four eyes: those that cannot be undone, or that hand out rights. */
export const ACTS_FOR_APPROVAL = [
  'erase',
  'grant-administer',
  'grant-open',
  'hold-lift',
  'policy-publish',
  'rekey',
  'retention-publish',
] as const;

export type ActForApproval = (typeof ACTS_FOR_APPROVAL)[number];

/** For how many hours an act waits for its approval by default. */
export const APPROVAL_HOURS = 72;
export const APPROVAL_HOURS_MAX = 720;
