/** Why a backup fails: no part that makes one. The index gives it too. */
export { BackupError } from './backup-error.js';
