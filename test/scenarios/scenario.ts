/** What a scenario measured: amounts in USDC or whole numbers, no wall time, the same in every run. */
export type Figures = Readonly<Record<string, string | number>>;

/** How much of it to run: `test` takes seconds, `full` what docs/results.md states. */
export type Size = 'test' | 'full';

/**
 * Something that broke another exchange, or could break this one, run on the
 * real state machine. docs/results.md states the figures of every scenario;
 * the test beside it asserts them. To add one: write it in a file of this
 * directory, list it in index.ts, and name the file's list in a test file.
 */
export interface Scenario {
  /** As the gallery of attacks or the specification names it: T-A2. */
  readonly id: string;
  readonly title: string;
  /** What happened elsewhere, or which section asks for it. */
  readonly source: string;
  /** What must come out, in a sentence. */
  readonly expectation: string;
  /** Where a target is missed: which rule lets it, and what bounds it. */
  readonly finding?: string;
  run(size: Size): Promise<Figures>;
  /** @throws AssertionError when the figures are not what is expected */
  check(figures: Figures): void;
}

/** A scenario whose figures have names that the compiler knows. */
export function scenario<F extends Figures>(
  each: Omit<Scenario, 'run' | 'check'> & { run(size: Size): Promise<F>; check(figures: F): void },
): Scenario {
  return each as unknown as Scenario;
}
