/** Privacy as a module of a Nest application: the routes of erasure and their commands. */
export { ContentChecker, ContentCheckModule } from './content/content-check.module.js';
export { OpeningsModule } from './openings/openings.module.js';
export { PrivacyModule } from './privacy.module.js';
export { matchKeysOf, prepareStoresOf } from './reconciling/prepare-app.js';
