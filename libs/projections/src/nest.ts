/** The read models as a module of a Nest application. */
export { ProjectionsModule } from './projections.module.js';
