/** A channel's payload becomes a touchpoint, or a reason why not: over HTTP, from files, and from a simulation. */
export { Ingestion, UNREADABLE_SOURCE, type IngestionDependencies } from './pipeline/ingestion.js';
export type { IngestOutcome, OutcomeCounts, IngestItem, ItemResult, IngestResult } from './pipeline/item.js';
export { Rejection, type RejectionCode } from './pipeline/rejection.js';
export { TypeContracts } from './pipeline/type-contracts.js';
export { importedItem } from './cloudevents/invalid-row.js';
export { readHttpMessage } from './cloudevents/http-message.js';
export { Quarantine, type Closing, type Quarantined } from './quarantine/quarantine.js';
export { publishPolicy, type PolicyPublished, type PublishVerdict } from './publishing/publish-policy.js';
export { prepareLog } from './publishing/prepare-log.js';
export { registeredTypes, registerType, type RegisterVerdict } from './publishing/register-type.js';
export { factEvent } from './publishing/fact-event.js';
export { canonical } from './pipeline/canonical.js';
export { plainContentHash } from './pipeline/content-hash.js';
export { OWN_SOURCES } from './pipeline/envelope.js';
export { fieldsOf, invalid } from './http/body.js';
export { StoreProblems } from './http/store-problems.js';
export {
  placeOf,
  quarantineIdOf,
  subjectIn,
  type QuarantinedData,
  type QuarantinedMeta,
} from './pipeline/quarantined.js';
export { foundSubjects } from './pipeline/found-identifiers.js';
export { Identities } from './pipeline/identities.js';
export { contentText, factsOf, hashedPersonal } from './pipeline/sealed-event.js';
