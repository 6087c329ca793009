import type { ActiveTrigger, Trigger } from '../../../../gen/plimsoll/perps/v1/breakers.js';
import { modeToProto, type Mode } from './modes.js';

/** What a trigger asks for when it is raised. */
export interface Raise {
  readonly mode: Mode;
  /** Zero: until its condition has been false for long enough. */
  readonly untilMs?: bigint;
  readonly figure?: bigint;
  readonly limit?: bigint;
  readonly marginFactorPpm?: number;
  readonly level?: bigint;
}

/** A trigger that began, became stricter, or ended. */
export interface Change {
  readonly trigger: Trigger;
  readonly active: boolean;
  readonly figure: string;
  readonly limit: string;
  readonly untilMs: bigint;
}

/** The active triggers of a market while a block looks at them; remembers what changed. */
export class Latches {
  readonly #active: Map<Trigger, ActiveTrigger>;
  readonly changes: Change[] = [];

  constructor(
    active: readonly ActiveTrigger[],
    readonly nowMs: bigint,
  ) {
    this.#active = new Map(active.map((each) => [each.trigger, each]));
  }

  /** In the order of their numbers. */
  get active(): ActiveTrigger[] {
    return [...this.#active.values()].sort((a, b) => a.trigger - b.trigger);
  }

  get(trigger: Trigger): ActiveTrigger | undefined {
    return this.#active.get(trigger);
  }

  has(trigger: Trigger): boolean {
    return this.#active.has(trigger);
  }

  /** Raises a trigger, or raises it anew with what it asks now. */
  raise(trigger: Trigger, asked: Raise): void {
    const raised: ActiveTrigger = {
      trigger,
      mode: modeToProto(asked.mode),
      sinceMs: this.#active.get(trigger)?.sinceMs ?? this.nowMs,
      untilMs: asked.untilMs ?? 0n,
      clearSinceMs: 0n,
      figure: (asked.figure ?? 0n).toString(),
      limit: (asked.limit ?? 0n).toString(),
      marginFactorPpm: asked.marginFactorPpm ?? 0,
      level: asked.level?.toString() ?? '',
    };
    this.#active.set(trigger, raised);
    this.#tell(raised, true);
  }

  end(trigger: Trigger): void {
    const ended = this.#active.get(trigger);
    if (ended === undefined) return;
    this.#active.delete(trigger);
    this.#tell(ended, false);
  }

  /**
   * Ends a trigger whose condition has been false for `clearMs`.
   * @param holds whether it holds now, by the weaker limit of its exit
   * @returns true when it ended
   */
  follow(trigger: Trigger, holds: boolean, clearMs: bigint): boolean {
    const active = this.#active.get(trigger);
    if (active === undefined) return false;
    const clearSinceMs = holds ? 0n : active.clearSinceMs === 0n ? this.nowMs : active.clearSinceMs;
    if (!holds && this.nowMs - clearSinceMs >= clearMs) {
      this.end(trigger);
      return true;
    }
    if (clearSinceMs !== active.clearSinceMs) this.#active.set(trigger, { ...active, clearSinceMs });
    return false;
  }

  /** Ends those whose time is over, and returns them. */
  expire(): ActiveTrigger[] {
    const over = this.active.filter(({ untilMs }) => untilMs !== 0n && this.nowMs >= untilMs);
    for (const { trigger } of over) this.end(trigger);
    return over;
  }

  #tell({ trigger, figure, limit, untilMs }: ActiveTrigger, active: boolean): void {
    this.changes.push({ trigger, active, figure, limit, untilMs });
  }
}
