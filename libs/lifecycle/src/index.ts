/** The rules: stage, loyalty, value; pure functions of events, a policy and a date. */
export type {
  AcquisitionPhase,
  Booking,
  Cause,
  Deadline,
  EventRef,
  ExpansionPhase,
  LifecycleEvent,
  Money,
  Phase,
  PublishedPolicy,
  RetentionPhase,
  Stage,
  Visit,
} from './model.js';
