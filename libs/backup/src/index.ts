/** Backups of the log and the keys: taken while the engine runs, verified, restored. */
export { BackupError } from './backup-error.js';
export type { Manifest, NotCovered } from './manifest.js';
export { backupSources, coversAnything, notCovered, type BackupSources } from './sources.js';
export { takeBackup, type BackupOptions, type BackupProgress, type BackupSummary } from './take-backup.js';
export { verifyBackup, type BackupVerification } from './verify-backup.js';
export { restoreBackup, type RestoreOptions, type RestoreSummary } from './restore-backup.js';
