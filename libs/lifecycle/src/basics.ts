/** The built-in policies and the sentences of stage changes: no check of a policy, and no fold. The index gives all of it too. */
export { BUILT_IN_POLICIES } from './policy/built-in.js';
export { explainStagePeriod } from './explain/explain.js';
export { isTimeZone } from './calendar/zone.js';
export type { StagePeriod } from './model.js';
