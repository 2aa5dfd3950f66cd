const CODES = [
  /** The folder cannot hold the backup, or holds something else; or the settings do not fit it. */
  'unsuitable',
  /** It holds a backup of another log. */
  'other-log',
  /** Nothing of what runs here can be backed up by this command. */
  'nothing-covered',
  /** There is no backup in the folder. */
  'missing',
  /** A file of the backup is missing or was changed, or its parts do not fit together. */
  'damaged',
  /** A newer version of the engine made it. */
  'newer',
  /** The data folder holds something already. */
  'occupied',
  /** The disk of the backup, or of the data folder, is full. */
  'full',
  'stopped',
] as const;
export type BackupErrorCode = (typeof CODES)[number];

/** Why a backup cannot be made, is not complete, or cannot be restored. */
export class BackupError extends Error {
  static isCode(code: unknown): code is BackupErrorCode {
    return CODES.some((each) => each === code);
  }

  constructor(
    readonly code: BackupErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'BackupError';
  }
}

/** An error of the file system while a folder is written to, as a BackupError; any other error as it is. */
export function asBackupError(error: unknown, folder: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof BackupError || typeof code !== 'string') return error;
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'full')
    return new BackupError(
      'full',
      `${code === 'full' ? message : `The disk under ${folder} is full.`} What was backed up before stays complete.`,
      { cause: error },
    );
  if (/^E[A-Z]+$/.test(code))
    return new BackupError('unsuitable', `The folder ${folder} cannot be used: ${message}.`, { cause: error });
  return error;
}
