/** Backups as a module of a Nest application: the route by which the command line starts one in the running engine. */
export { BackupModule } from './backup.module.js';
