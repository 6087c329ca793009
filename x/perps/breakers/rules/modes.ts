import { MarketMode, Trigger, type ActiveTrigger } from '../../../../gen/plimsoll/perps/v1/breakers.js';

/** The states of risk-model section 14.1. */
export type Mode = 'normal' | 'reduce-only' | 'auction' | 'halted' | 'settlement';

/** From the mildest to the strictest. */
const modes: readonly Mode[] = ['normal', 'reduce-only', 'auction', 'halted', 'settlement'];

const toProto: Readonly<Record<Mode, MarketMode>> = {
  normal: MarketMode.MARKET_MODE_NORMAL,
  'reduce-only': MarketMode.MARKET_MODE_REDUCE_ONLY,
  auction: MarketMode.MARKET_MODE_AUCTION,
  halted: MarketMode.MARKET_MODE_HALTED,
  settlement: MarketMode.MARKET_MODE_SETTLEMENT,
};

export const modeToProto = (mode: Mode): MarketMode => toProto[mode];

/** NORMAL for a trigger that asks for no mode of its own. */
export const modeFromProto = (value: MarketMode): Mode => modes.find((mode) => toProto[mode] === value) ?? 'normal';

/** The strictest of them; normal when there is none. */
export function strictest(asked: Iterable<Mode>): Mode {
  let found = 0;
  for (const mode of asked) found = Math.max(found, modes.indexOf(mode));
  return modes[found]!;
}

/**
 * What the chain may do, as the rows of the table name it.
 * - cash-in: deposit, top-up, cancel
 * - reduce: a reduce-only order
 * - quote: an order that may open and only makes
 * - open: any other order that may open
 * - match: the batch auction of every block
 * - liquidate: stage L1; takeover: stages L2 and L3; resolve: stages L4 to L6
 * - fund: funding accrues
 * - withdraw: free collateral leaves
 * - net: longs and shorts who ask for it close against each other at the oracle price
 */
export type Action =
  | 'cash-in'
  | 'reduce'
  | 'quote'
  | 'open'
  | 'match'
  | 'liquidate'
  | 'takeover'
  | 'resolve'
  | 'fund'
  | 'withdraw'
  | 'net';

/**
 * - auction: when the call auction clears
 * - queued: accepted, to trade when the market re-opens
 * - bankrupt: only on accounts whose equity is below zero
 * - quarter: of the withdrawal bucket
 * - priced: while oracle prices come
 */
export type Verdict = 'yes' | 'quarter' | 'priced' | 'auction' | 'queued' | 'bankrupt' | 'no';

/** From the most to the least. */
const verdicts: readonly Verdict[] = ['yes', 'quarter', 'priced', 'auction', 'queued', 'bankrupt', 'no'];

/** The permitted-action table of risk-model section 14.1, with INV-X2: while halted no stage before L4 acts. */
export const permitted: Readonly<Record<Action, Readonly<Record<Mode, Verdict>>>> = {
  'cash-in': row('yes', 'yes', 'yes', 'yes', 'yes'),
  reduce: row('yes', 'yes', 'auction', 'queued', 'no'),
  quote: row('yes', 'no', 'auction', 'no', 'no'),
  open: row('yes', 'no', 'auction', 'no', 'no'),
  match: row('yes', 'yes', 'auction', 'no', 'no'),
  liquidate: row('yes', 'yes', 'auction', 'no', 'no'),
  takeover: row('yes', 'yes', 'bankrupt', 'no', 'no'),
  resolve: row('yes', 'yes', 'bankrupt', 'bankrupt', 'bankrupt'),
  fund: row('yes', 'no', 'no', 'no', 'no'),
  withdraw: row('yes', 'yes', 'yes', 'quarter', 'no'),
  net: row('no', 'yes', 'yes', 'priced', 'no'),
};

export const actions = Object.keys(permitted) as readonly Action[];

function row(
  normal: Verdict,
  reduceOnly: Verdict,
  auction: Verdict,
  halted: Verdict,
  settlement: Verdict,
): Readonly<Record<Mode, Verdict>> {
  return { normal, 'reduce-only': reduceOnly, auction, halted, settlement };
}

/** A trigger as far as permissions depend on it. */
export interface Cause {
  readonly trigger: Trigger;
  readonly mode: Mode;
}

export const causeOf = ({ trigger, mode }: ActiveTrigger): Cause => ({ trigger, mode: modeFromProto(mode) });

/**
 * What a market permits: of all that is active, the strictest wins, cell by
 * cell, so that an auction in a market that only reduces opens nothing. A thin
 * book (B7) lets makers quote: it would never fill again otherwise. Netting
 * is what a stop allows and not what it takes away: the strictest mode answers.
 */
export function permits(causes: Iterable<Cause>, action: Action): Verdict {
  if (action === 'net') return permitted.net[strictest(Array.from(causes, ({ mode }) => mode))];
  let least = 0;
  for (const { trigger, mode } of causes) {
    if (trigger === Trigger.TRIGGER_DEPTH && action === 'quote') continue;
    least = Math.max(least, verdicts.indexOf(permitted[action][mode]));
  }
  return verdicts[least]!;
}
