import { AppError, FatalError } from './errors.js';

/** What of a block failed in an execution that was dropped. Part of what the block is executed with, so it says only what is the same on every node. */
export interface Fault {
  readonly module: string;
  /** The part of the module at fault, by the module's own numbers. */
  readonly scope: number;
  /** What was being done: words of ours, never those of a JavaScript error, which another version of the engine may choose differently. */
  readonly step: string;
}

/**
 * Thrown by a block hook whose module can do without what failed: the block
 * is executed anew from the state before it, and `BlockInfo.faults` tells the
 * module what to leave out. ADR 0029.
 */
export class BlockFault extends Error {
  constructor(
    readonly fault: Fault,
    cause: unknown,
  ) {
    super(`${fault.module}: ${fault.step} failed`, { cause });
    this.name = 'BlockFault';
  }
}

/** What fails by our own rules, or by those of the language, in the same way everywhere. */
const deterministic: readonly unknown[] = [Error, AppError, FatalError, TypeError, ReferenceError, SyntaxError];
/** What a division of integers by zero says; every other RangeError may be a stack or a memory that was too small on this machine. */
const byZero = 'Division by zero';

/**
 * Did the machine fail, and not what it computed? Such an error may come on
 * one node and not on another: whoever went on would go on to another state.
 * So nothing may be left out because of it, and the node stops. Whatever is
 * not known to come everywhere counts: a refused disk, what it holds and
 * cannot be decoded, an exhausted stack or memory, an error of the system.
 */
export function isMachineFault(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  const { code } = error as { readonly code?: unknown };
  // Errors of the system and of the database carry their code as text.
  if (typeof code === 'string') return true;
  const known =
    error instanceof BlockFault ||
    deterministic.includes(error.constructor) ||
    (error.constructor === RangeError && error.message === byZero);
  return !known || (error.cause !== undefined && isMachineFault(error.cause));
}

/**
 * What the next execution of a block leaves out besides what is known.
 * @throws the error when nothing can be left out because of it, its cause when that was left out already: it would fail for ever
 */
export function newFault(error: unknown, known: readonly Fault[]): BlockFault {
  if (!(error instanceof BlockFault)) throw error;
  const { module, scope } = error.fault;
  if (known.some((each) => each.module === module && each.scope === scope)) throw error.cause;
  return error;
}

/** The stacks of an error and of what caused it, for the log. */
export function stacksOf(error: unknown): string {
  const stacks: string[] = [];
  for (let each = error; each instanceof Error; each = each.cause) stacks.push(each.stack ?? each.message);
  return stacks.join('\ncaused by ');
}
