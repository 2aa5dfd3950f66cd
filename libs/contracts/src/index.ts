/** The words: touchpoints, identifiers, stream names, versions and how old shapes become new ones. */
export { formatInstant, parseInstant, type Instant } from './instant.js';
export type { Actor, Identifier, Origin, Role, SealedIdentifier, Touchpoint, TouchpointMeta } from './touchpoint.js';
export { STREAMS, subjectOfStream } from './streams.js';
