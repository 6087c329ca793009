import type { VenueFigures } from './figures.js';
import type { Case } from './setup.js';

/** Something that section 21.5 of the risk model asks of us against the static baseline. */
export interface Target {
  readonly name: string;
  readonly asked: string;
  readonly got: string;
  readonly holds: boolean;
}

/** What counts as nothing, basis points. */
const nothing = 0.005;
const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;
const points = (value: number): string => `${value.toFixed(2)} bp`;

/** Ours over theirs; one when both are nothing. */
const ratio = (own: number, other: number): number => (own <= nothing ? 0 : other <= nothing ? Infinity : own / other);
const ratioText = (value: number): string => (value === Infinity ? 'theirs is zero' : percent(value));

/** Targets of section 21.5 for one case. */
export function targetsOf({ kind }: Case, own: VenueFigures, other: VenueFigures): Target[] {
  const targets: Target[] = [];
  const add = (name: string, asked: string, got: string, holds: boolean): void => {
    targets.push({ name, asked, got, holds });
  };
  const atMost = (name: string, most: number, own_: number, other_: number): void => {
    const value = ratio(own_, other_);
    add(name, `at most ${percent(most)} of (a)`, ratioText(value), value <= most);
  };
  if (kind !== 'grind') atMost('bad debt', kind === 'crash' ? 0.1 : 0.6, own.badDebt, other.badDebt);
  atMost('haircut', 0.1, own.haircut, other.haircut);
  if (kind === 'grind') add('bad debt and loss of takers', 'at most 2.5 bp', points(own.loss), own.loss <= 2.5);
  else atMost('bad debt and loss of takers', kind === 'crash' ? 0.6 : 1.1, own.loss, other.loss);
  add('largest loss of capital', 'at most 30.0 %', percent(own.drawdown), own.drawdown <= 0.3);
  atMost('deleveraged notional', 2, own.deleveraged * 100, other.deleveraged * 100);
  const more = own.unnecessary - other.unnecessary;
  add('unnecessary liquidations', 'at most 1 point more than (a)', `${(100 * more).toFixed(1)} points`, more <= 0.01);
  const kept = other.equityLeft === 0 ? Infinity : own.equityLeft / other.equityLeft;
  add('equity left to the liquidated', 'at least 3 times (a)', `${kept.toFixed(2)} times`, kept >= 3);
  add('under margin, 99th percentile', 'at most 60 s', `${own.unsafeP99.toFixed(0)} s`, own.unsafeP99 <= 60);
  const { overshoot } = own;
  add(
    'overshoot',
    'exactly 1',
    overshoot === undefined ? 'nothing was taken' : overshoot.toFixed(4),
    overshoot === undefined || Math.abs(overshoot - 1) < 1e-4,
  );
  return targets;
}
