/**
 * The engine asked for what it may not ask for now: a block of another height,
 * a Commit without a block, the genesis of another chain. Nothing was
 * executed; the state is as it was. The engine has to stop, the application
 * has not.
 */
export class SequenceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SequenceError';
  }
}
