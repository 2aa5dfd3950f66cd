/** Thrown where a file cannot be read as the mapping says: nothing was imported from it. */
export class FileRejected extends Error {
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message);
    this.name = 'FileRejected';
  }
}

/** Thrown where a file breaks off or is damaged: the rows before that place may be imported already. */
export class FileBroken extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FileBroken';
  }
}
