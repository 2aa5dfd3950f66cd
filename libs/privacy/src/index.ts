export { erase, type ErasureReceipt, type ErasureRequest, type PersonErased } from './erasure/erase.js';
export { erasePerson, type ErasureDependencies, type ErasureVerdict, type Named } from './erasure/erase-person.js';
export { People } from './erasure/people.js';
export { RekeyError, Rekeying, mustBeKeysOf, type RekeyCounts } from './rekeying/rekeying.js';
export { KeyChange, KeyMapping, type HashKeyChanged } from './rekeying/key-change.js';
export { compareRekeyed, type RekeyedPair } from './rekeying/compare-rekeyed.js';
export { ErasePersonHandler } from './erasure/commands.js';
