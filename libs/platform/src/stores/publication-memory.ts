/** What is remembered outside the read models of what they published: where they are gone and it says that some were kept, something was lost. */
export interface PublicationMemory {
  /** Whether read models of this log were ever kept, here or in another database. */
  wereKept(): Promise<boolean>;
  noteKept(): Promise<void>;
}
