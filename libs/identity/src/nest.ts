/** Decisions about who is who as a module of a Nest application. */
export { IdentityModule } from './identity.module.js';
