/** Personal data under control: erasure of a person, and a log under another hash key. */
export type { ErasureReceipt, PersonErased } from './erasure/erase-subjects.js';
export { EraseCustomer, EraseCustomerHandler, type ErasureVerdict } from './erasure/erase-customer.js';
export { CustomersBySubject } from './erasure/customer-subjects.js';
export { RekeyError, Rekeying, mustBeKeysOf, type RekeyCounts } from './rekeying/rekeying.js';
export { KeyChange, KeyMapping, type HashKeyChanged } from './rekeying/key-change.js';
export { compareRekeyed, type RekeyedPair } from './rekeying/compare-rekeyed.js';
