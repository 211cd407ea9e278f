/**
 * Where photos and lists of a batch lie and its results go: a folder, or a part of a bucket. Paths in it are relative,
 * parted by `/`.
 */
export interface Storage {
  readonly address: string
  /**
   * @param except address of what is left out, as are hidden files
   * @returns the paths of its files, in the same order on every machine
   */
  list(except: string): Promise<string[]>
  /** Address of a path in it. */
  at(path: string): string
  /** @returns nothing where there is no such file */
  read(path: string): Promise<Uint8Array | undefined>
  /** Folder of this machine in which the files of a set come to be. */
  desk(path: string): string
  /**
   * Hands over files that lie on the desk of `path`.
   * @param mark handed over last, for it says that all are there; unless it has changed since it was read here
   * @returns false where it has: then somebody else's files count
   * @throws UserError where the storage does not take them
   */
  publish(path: string, names: readonly string[], mark?: string): Promise<boolean>
  /** Clears the desks away. */
  close(): void
}
