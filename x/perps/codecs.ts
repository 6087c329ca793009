import type { OrderType, SelfTradePrevention, TimeInForce, Order } from '../../gen/plimsoll/perps/v1/types.js';
import {
  Ledger,
  MarketState,
  Position,
  Side as ProtoSide,
  SolvencyClass as ProtoClass,
  Subaccount,
  type Funding,
} from '../../gen/plimsoll/perps/v1/types.js';
import { FatalError } from '../../runtime/baseapp/errors.js';
import { encodeMessage } from '../../runtime/store/encode.js';
import type { ValueCodec } from '../../runtime/store/types.js';
import type { OpenInterestCap } from './margin/open-interest-cap.js';
import { MarginMode as ProtoMode, type MarginSettings as ProtoSettings } from '../../gen/plimsoll/perps/v1/margin.js';
import {
  base,
  price,
  quote,
  type Base,
  type MarginMode,
  type MarginSettings,
  type PositionView,
  type Price,
  type Quote,
  type Side,
  type SolvencyClass,
} from './types.js';

/**
 * How values rest in the store: the public protobuf messages without what
 * the key already says. Decoded they are the plain values that rules use.
 */

export interface SubaccountState {
  readonly cash: Quote;
  readonly underwaterHeight: bigint;
  /** Undefined: the owner chose nothing. */
  readonly settings: MarginSettings | undefined;
}

export interface MarketStateView {
  readonly marketId: number;
  readonly oraclePrice: Price;
  readonly markPrice: Price;
  readonly lastClearingPrice: bigint;
  readonly longQuanta: bigint;
  readonly shortQuanta: bigint;
  readonly fundingIndex: bigint;
  readonly clearingBalance: bigint;
  /** Sum of size times funding index over all positions. */
  readonly fundingWeight: bigint;
  readonly oracleTimeMs: bigint;
  readonly funding: Funding;
  /** Undefined until the first block with a price. */
  readonly openInterestCap: OpenInterestCap | undefined;
}

export interface LedgerView {
  readonly totalCash: bigint;
  readonly fees: bigint;
  readonly dust: bigint;
  readonly badDebt: bigint;
  readonly haltedReason: string;
  /** Penalties that repaid haircuts and wait to be collected. */
  readonly recovery: bigint;
}

/** What the book keeps of an order besides its key. */
export interface RestingOrder {
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly reduceOnly: boolean;
  readonly quantity: bigint;
  readonly remaining: Base;
  readonly postOnly: boolean;
  readonly allOrNone: boolean;
  readonly selfTrade: SelfTradePrevention;
  /** Iceberg: what the book shows at a time; zero shows all. */
  readonly displayQuantity: bigint;
  /** Iceberg: what the book shows now. */
  readonly displayed: bigint;
  /** Latest block time and last height that may fill it; zero for none. */
  readonly goodTilTimeMs: bigint;
  readonly goodTilBlock: bigint;
  /** Other orders depend on what becomes of it. */
  readonly linked: boolean;
}

/** The terms that most orders leave alone. */
export const plainTerms = {
  postOnly: false,
  allOrNone: false,
  selfTrade: 0 as SelfTradePrevention,
  displayQuantity: 0n,
  displayed: 0n,
  goodTilTimeMs: 0n,
  goodTilBlock: 0n,
  linked: false,
} as const;

export const emptyFunding: Funding = {
  minute: 0n,
  premiumSumPpb: 0n,
  premiumCount: 0n,
  minutePremiumsPpb: [],
  ratePpb: 0n,
};

export const emptyLedger: LedgerView = {
  totalCash: 0n,
  fees: 0n,
  dust: 0n,
  badDebt: 0n,
  haltedReason: '',
  recovery: 0n,
};

const modesToProto: Readonly<Record<MarginMode, ProtoMode>> = {
  portfolio: ProtoMode.MARGIN_MODE_PORTFOLIO,
  cross: ProtoMode.MARGIN_MODE_CROSS,
  isolated: ProtoMode.MARGIN_MODE_ISOLATED,
};

export function modeFromProto(mode: ProtoMode): MarginMode | undefined {
  return (Object.keys(modesToProto) as MarginMode[]).find((name) => modesToProto[name] === mode);
}

export function settingsToProto({ mode, leverages }: MarginSettings): ProtoSettings {
  return {
    mode: modesToProto[mode],
    leverages: leverages.map(({ marketId, leverage }) => ({ marketId, leverage: Number(leverage) })),
  };
}

/** Settings as they were stored: messages and genesis refuse others. */
export function settingsFromProto({ mode, leverages }: ProtoSettings): MarginSettings {
  const known = modeFromProto(mode);
  if (known === undefined) throw new FatalError(`subaccount has no margin mode: ${mode}`);
  return {
    mode: known,
    leverages: leverages.map(({ marketId, leverage }) => ({ marketId, leverage: BigInt(leverage) })),
  };
}

export function subaccountToProto(state: SubaccountState): Subaccount {
  const { cash, underwaterHeight, settings } = state;
  return { id: undefined, cash: cash.toString(), underwaterHeight, margin: settings && settingsToProto(settings) };
}

export function subaccountFromProto(proto: Subaccount): SubaccountState {
  const { cash, underwaterHeight, margin } = proto;
  return { cash: quote(BigInt(cash)), underwaterHeight, settings: margin && settingsFromProto(margin) };
}

export const subaccountCodec: ValueCodec<SubaccountState> = {
  encode: (state) => encodeMessage(Subaccount, subaccountToProto(state)),
  decode: (bytes) => subaccountFromProto(Subaccount.decode(bytes)),
};

export function positionToProto(position: PositionView): Position {
  return {
    subaccount: undefined,
    marketId: position.marketId,
    quantity: position.quantity,
    entryValue: position.entryValue.toString(),
    fundingIndex: position.fundingIndex.toString(),
    settledFunding: (position.settledFunding ?? 0n).toString(),
  };
}

export function positionFromProto(proto: Position): PositionView {
  return {
    marketId: proto.marketId,
    quantity: base(proto.quantity),
    entryValue: quote(BigInt(proto.entryValue)),
    fundingIndex: BigInt(proto.fundingIndex),
    settledFunding: quote(BigInt(proto.settledFunding === '' ? 0 : proto.settledFunding)),
  };
}

export const positionCodec: ValueCodec<PositionView> = {
  encode: (position) => encodeMessage(Position, positionToProto(position)),
  decode: (bytes) => positionFromProto(Position.decode(bytes)),
};

export function marketStateToProto(state: MarketStateView): MarketState {
  return {
    marketId: state.marketId,
    oraclePrice: state.oraclePrice,
    markPrice: state.markPrice,
    lastClearingPrice: state.lastClearingPrice,
    longQuanta: state.longQuanta,
    shortQuanta: state.shortQuanta,
    fundingIndex: state.fundingIndex.toString(),
    clearingBalance: state.clearingBalance.toString(),
    fundingWeight: state.fundingWeight.toString(),
    oracleTimeMs: state.oracleTimeMs,
    funding: state.funding,
    openInterestCap: state.openInterestCap?.cap.toString() ?? '',
    capDay: state.openInterestCap?.day ?? 0n,
  };
}

export function marketStateFromProto(proto: MarketState): MarketStateView {
  return {
    marketId: proto.marketId,
    oraclePrice: price(proto.oraclePrice),
    markPrice: price(proto.markPrice),
    lastClearingPrice: proto.lastClearingPrice,
    longQuanta: proto.longQuanta,
    shortQuanta: proto.shortQuanta,
    fundingIndex: BigInt(proto.fundingIndex),
    clearingBalance: BigInt(proto.clearingBalance),
    fundingWeight: BigInt(proto.fundingWeight === '' ? 0 : proto.fundingWeight),
    oracleTimeMs: proto.oracleTimeMs,
    funding: proto.funding ?? emptyFunding,
    openInterestCap:
      proto.openInterestCap === '' ? undefined : { cap: quote(BigInt(proto.openInterestCap)), day: proto.capDay },
  };
}

export const marketStateCodec: ValueCodec<MarketStateView> = {
  encode: (state) => encodeMessage(MarketState, marketStateToProto(state)),
  decode: (bytes) => marketStateFromProto(MarketState.decode(bytes)),
};

export function ledgerToProto(ledger: LedgerView): Ledger {
  return {
    totalCash: ledger.totalCash.toString(),
    fees: ledger.fees.toString(),
    dust: ledger.dust.toString(),
    badDebt: ledger.badDebt.toString(),
    haltedReason: ledger.haltedReason,
    recovery: ledger.recovery.toString(),
  };
}

export function ledgerFromProto(proto: Ledger): LedgerView {
  return {
    totalCash: BigInt(proto.totalCash),
    fees: BigInt(proto.fees),
    dust: BigInt(proto.dust),
    badDebt: BigInt(proto.badDebt),
    haltedReason: proto.haltedReason,
    recovery: BigInt(proto.recovery === '' ? 0 : proto.recovery),
  };
}

export const ledgerCodec: ValueCodec<LedgerView> = {
  encode: (ledger) => encodeMessage(Ledger, ledgerToProto(ledger)),
  decode: (bytes) => ledgerFromProto(Ledger.decode(bytes)),
};

/** An order as a message without whose it is and where it stands, which its key says. A new object each time. */
export function restingOrderToProto(order: RestingOrder): Order {
  return {
    subaccount: undefined,
    marketId: 0,
    clientId: 0n,
    side: ProtoSide.SIDE_UNSPECIFIED,
    type: order.type,
    timeInForce: order.timeInForce,
    reduceOnly: order.reduceOnly,
    price: 0n,
    quantity: order.quantity,
    remaining: order.remaining,
    placedHeight: 0n,
    postOnly: order.postOnly,
    allOrNone: order.allOrNone,
    selfTradePrevention: order.selfTrade,
    displayQuantity: order.displayQuantity,
    goodTilTimeMs: order.goodTilTimeMs,
    goodTilBlock: order.goodTilBlock,
    linked: order.linked,
    displayed: order.displayed,
  };
}

export function restingOrderFromProto(order: Order): RestingOrder {
  return {
    type: order.type,
    timeInForce: order.timeInForce,
    reduceOnly: order.reduceOnly,
    quantity: order.quantity,
    remaining: base(order.remaining),
    postOnly: order.postOnly,
    allOrNone: order.allOrNone,
    selfTrade: order.selfTradePrevention,
    displayQuantity: order.displayQuantity,
    displayed: order.displayed,
    goodTilTimeMs: order.goodTilTimeMs,
    goodTilBlock: order.goodTilBlock,
    linked: order.linked,
  };
}

export const sideToProto = (side: Side): ProtoSide => (side === 'buy' ? ProtoSide.SIDE_BUY : ProtoSide.SIDE_SELL);

export function sideFromProto(side: ProtoSide): Side | undefined {
  if (side === ProtoSide.SIDE_BUY) return 'buy';
  return side === ProtoSide.SIDE_SELL ? 'sell' : undefined;
}

const classes: ReadonlyMap<ProtoClass, SolvencyClass> = new Map([
  [ProtoClass.SOLVENCY_CLASS_A, 'A'],
  [ProtoClass.SOLVENCY_CLASS_B, 'B'],
  [ProtoClass.SOLVENCY_CLASS_C, 'C'],
  [ProtoClass.SOLVENCY_CLASS_D, 'D'],
]);

const protoClasses: Readonly<Record<SolvencyClass, ProtoClass>> = {
  A: ProtoClass.SOLVENCY_CLASS_A,
  B: ProtoClass.SOLVENCY_CLASS_B,
  C: ProtoClass.SOLVENCY_CLASS_C,
  D: ProtoClass.SOLVENCY_CLASS_D,
};

export const classToProto = (name: SolvencyClass): ProtoClass => protoClasses[name];

/** Class of a listed market; listing refused any other value. */
export function classFromProto(value: ProtoClass): SolvencyClass {
  const found = classes.get(value);
  if (found === undefined) throw new FatalError(`market has no solvency class: ${value}`);
  return found;
}

/** The tranche that a class's markets share, as insurance numbers them; class D has none. */
export const classNumberOf = (value: ProtoClass): number | undefined => {
  const name = classFromProto(value);
  return name === 'D' ? undefined : Number(value);
};
