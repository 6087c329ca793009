/** One number, as the node states it and as it is by the formula. */
export interface Check {
  readonly what: string;
  /** With the numbers filled in. */
  readonly formula: string;
  readonly stated: string;
  readonly computed: string;
  readonly holds: boolean;
}

/** Collects the checks of a step. */
export class Sheet {
  readonly checks: Check[] = [];
  readonly assumed: string[] = [];

  equal(what: string, formula: string, stated: bigint | number | string, computed: bigint): void {
    const value = BigInt(stated);
    this.checks.push({ what, formula, stated: `${value}`, computed: `${computed}`, holds: value === computed });
  }

  /** For what must hold without being one number. */
  that(what: string, formula: string, holds: boolean): void {
    this.checks.push({ what, formula, stated: 'true', computed: `${holds}`, holds });
  }

  assume(text: string): void {
    this.assumed.push(text);
  }
}
