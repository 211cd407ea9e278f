/** The part of the package that is used. */
declare module 'fs-native-extensions' {
  /** Locks the whole file for writing. @returns false where another descriptor has it */
  export function tryLock(descriptor: number): boolean
}
