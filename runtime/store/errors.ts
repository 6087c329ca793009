/** Why the store refused. */
export type StoreFault =
  /** No store of that name is mounted. */
  | 'unknown-store'
  /** The version is not retained. */
  | 'unknown-version'
  /** A key or value that may not be stored. */
  | 'invalid-entry'
  /** A call out of turn: prepare or commit for the wrong version. */
  | 'wrong-order'
  /** Another process has the database open. */
  | 'locked'
  /** What is on disk is not what was written. */
  | 'corrupt'
  /** The disk refused to write. */
  | 'write-failed';

/** A fault of the store itself; a node that meets one stops. */
export class StoreError extends Error {
  constructor(
    readonly fault: StoreFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'StoreError';
  }
}
