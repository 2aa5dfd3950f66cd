/** The relay and the webhooks, as a module of a Nest application. */
export { FeedsModule } from './feeds.module.js';
