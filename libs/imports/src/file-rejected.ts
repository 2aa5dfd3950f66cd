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
