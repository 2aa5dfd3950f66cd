/** A channel's payload becomes a touchpoint, or a reason why not: over HTTP, from files, and from a simulation. */
export { Intake, UNREADABLE_SOURCE, type IntakeParts } from './taking/intake.js';
export type { Fate, FateCounts, IntakeItem, ItemResult, Taken } from './taking/item.js';
export { Refusal, type RefusalCode } from './taking/refusal.js';
export { TypeContracts } from './taking/type-contracts.js';
export { importedItem } from './receiving/unfit-row.js';
export { readHttpMessage } from './receiving/http-message.js';
export { Quarantine, type Closing, type Quarantined } from './quarantine/quarantine.js';
export { publishPolicy, type PolicyPublished, type PublishVerdict } from './publishing/publish-policy.js';
export { prepareLog } from './publishing/prepare-log.js';
export { registeredTypes, registerType, type RegisterVerdict } from './publishing/register-type.js';
export { erase, type ErasureReceipt, type ErasureRequest, type PersonErased } from './erasing/erase.js';
export { erasePerson, type ErasingParts, type ErasureVerdict, type Named } from './erasing/erase-person.js';
export { People } from './erasing/people.js';
export { mustBeKeysOf, RekeyError, Rekeying, type RekeyCounts } from './rekeying/rekeying.js';
export { KeyChange, KeyMapping, type HashKeyChanged } from './rekeying/key-change.js';
export { compareRekeyed, type RekeyedPair } from './rekeying/compare-rekeyed.js';
export type { ImportFile, ImportItem, ImportLayout, TouchpointDraft, UnfitRow } from './import/draft.js';
export {
  runImport,
  type ImportOptions,
  type ImportProgress,
  type ImportSink,
  type ImportSummary,
  type ItemFate,
} from './import/import-run.js';
export { mappedLayout } from './import/mapped-layout.js';
export { parseMapping, type Mapping } from './import/mapping.js';
export { PRESETS, type Preset } from './import/presets/index.js';
export { MappingRefused } from './import/problem.js';
export { FileRefused } from './import/rows.js';
export { seededRandom, type Chance } from './chance.js';
export { lessPatient } from './simulation/less-patient.js';
export {
  simulateCustomers,
  simulateTouchpoints,
  type SimulatedCustomer,
  type SimulationOptions,
} from './simulation/simulate.js';
export { simulationLayout } from './simulation/simulation-layout.js';
