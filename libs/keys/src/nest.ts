/** What Nest applications are made with: the key store, the sealer, the API keys and their routes. */
export { KeysModule, type KeysModuleOptions } from './keys.module.js';
