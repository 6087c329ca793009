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
  | 'write-failed'
  /** A state-sync snapshot or a part of one is not what it says it is. */
  | 'invalid-snapshot'
  /** No such state-sync snapshot is kept. */
  | 'unknown-snapshot';

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

/** What a full or broken disk is reported as: what was not written, why, and what to do. */
export function writeFailed(what: string, cause: unknown): StoreError {
  const { message, cause: inner } = cause as Error;
  const detail = inner instanceof Error ? inner.message : message;
  return new StoreError(
    'write-failed',
    `${what} was not written: ${detail}; make room on the disk and start the node again`,
    { cause },
  );
}

/** True for a system's error text that says that a disk, a quota or a file is full. */
export const isFull = (text: string): boolean => /no space left|quota exceeded|file too large/i.test(text);
