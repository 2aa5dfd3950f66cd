/** Requests of data subjects as a module of a Nest application. */
export { DataSubjectsModule } from './data-subjects.module.js';
