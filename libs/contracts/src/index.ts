/** The words: touchpoints, identifiers, stream names, versions and how old shapes become new ones. */
export { formatInstant, parseInstant, type Instant } from './instant.js';
export type { Actor, Identifier, Origin, Role, SealedIdentifier, Touchpoint, TouchpointMeta } from './touchpoint.js';
export { STREAMS, subjectOfStream } from './streams.js';
export {
  BUSINESS_FACTS,
  businessFact,
  CUSTOM_RANK,
  ENGINE_EVENTS,
  rankOf,
  TOUCHPOINT_GROUPS,
  TOUCHPOINT_TYPES,
  touchpointType,
  type BusinessFact,
  type TouchpointGroup,
  type TouchpointType,
  type TouchpointTypeName,
} from './catalogue.js';
export {
  compareNamespaces,
  isPlaceholder,
  NAMESPACES,
  NORMALISATION_VERSION,
  normaliseIdentifier,
  strongestSelf,
} from './identifiers.js';
