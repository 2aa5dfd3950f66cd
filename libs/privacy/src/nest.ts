/** Privacy as a module of a Nest application: the routes of erasure and their commands. */
export { PrivacyModule } from './privacy.module.js';
export { matchKeysOf, prepareStoresOf } from './reconciling/prepare-app.js';
