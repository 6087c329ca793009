import type { Context } from '../../runtime/baseapp/context.js';
import type { JsonValue, ProtoRegistry } from '../../runtime/codec/types.js';
import { beyond, changeBounds, windowMs, type Bound, type FieldRules } from './change-bounds.js';
import { errors } from './errors.js';
import type { CharterKeeper } from './keeper.js';

/** A value that a message of governance replaces whole. */
export interface BoundedMessage {
  /** Full name of the value's type. */
  readonly valueType: string;
  readonly rules: FieldRules;
  /** The value in a message, encoded, and whose it is if there are many; undefined when the message has none. */
  wanted(message: never): { readonly value: Uint8Array; readonly id: number } | undefined;
  /** The value that holds now, encoded; undefined for an id that there is not. */
  current(ctx: Context, id: number): Uint8Array | undefined;
  /** Is the change an act of its own kind, for which other conditions hold? */
  isOther?(before: JsonValue, after: JsonValue): boolean;
}

/** Changes of one value that a window remembers. */
const maxPastValues = 64;

/**
 * Lets messages of governance change numbers by small steps only: at most a
 * quarter in seven days, each after the timelock. Stands between an accepted
 * proposal and the modules, which keep their own hard limits.
 * risk-model section 16, INV-G2.
 */
export class BoundedMessages {
  constructor(
    readonly keeper: CharterKeeper,
    readonly registry: ProtoRegistry,
    /** By full name of the message. */
    readonly messages: ReadonlyMap<string, BoundedMessage>,
  ) {}

  /**
   * Checks a message, runs it and remembers what it replaced.
   * @param run hands the message to its module
   * @throws AppError charter/2, charter/3, and those of the module
   */
  execute<T>(ctx: Context, typeName: string, message: unknown, run: () => T): T {
    const bounded = this.messages.get(typeName);
    const wanted = bounded?.wanted(message as never);
    const before = wanted === undefined ? undefined : bounded!.current(ctx, wanted.id);
    if (bounded === undefined || wanted === undefined || before === undefined) return run();
    const subject = subjectOf(typeName, wanted.id);
    const now = this.registry.toJson(bounded.valueType, before);
    const after = this.registry.toJson(bounded.valueType, wanted.value);
    if (bounded.isOther?.(now, after) !== true) {
      const [first] = beyond(after, this.#bounds(ctx, bounded, subject, now), bounded.rules);
      if (first !== undefined) {
        const { field, value, bound } = first;
        throw errors.changeTooLarge(`${field}: ${value}; expected ${bound.least} to ${bound.most} within seven days`);
      }
    }
    const result = run();
    this.keeper.dropPastValues(ctx, subject, ctx.block.timeMs - windowMs);
    const kept = [...this.keeper.pastValues(ctx, subject)];
    if (kept.length >= maxPastValues)
      throw errors.tooManyChanges(`${subject}: ${kept.length} within seven days; at most ${maxPastValues}`);
    this.keeper.addPastValue(ctx, { subject, untilMs: ctx.block.timeMs, value: before });
    return result;
  }

  /** How far each number may be changed now. @throws AppError charter/4 */
  boundsOf(
    ctx: Context,
    typeName: string,
    id: number,
  ): { readonly now: JsonValue; readonly bounds: ReadonlyMap<string, Bound>; readonly rules: FieldRules } {
    const bounded = this.messages.get(typeName);
    const before = bounded?.current(ctx, id);
    if (bounded === undefined || before === undefined) {
      const names = [...this.messages.keys()].join(', ');
      throw errors.notGoverned(`message: ${JSON.stringify(typeName.slice(0, 100))} of ${id}; expected one of ${names}`);
    }
    const now = this.registry.toJson(bounded.valueType, before);
    return { now, bounds: this.#bounds(ctx, bounded, subjectOf(typeName, id), now), rules: bounded.rules };
  }

  #bounds(ctx: Context, bounded: BoundedMessage, subject: string, now: JsonValue): Map<string, Bound> {
    const values = [now];
    for (const { untilMs, value } of this.keeper.pastValues(ctx, subject))
      if (untilMs > ctx.block.timeMs - windowMs) values.push(this.registry.toJson(bounded.valueType, value));
    return changeBounds(values, bounded.rules);
  }
}

const subjectOf = (typeName: string, id: number): string => (id === 0 ? typeName : `${typeName}/${id}`);
