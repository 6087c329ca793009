import { ErrorRegistry } from '../../runtime/baseapp/errors.js';

const registry = new ErrorRegistry('perps');

/** Why perps refuses a message. The codes are part of the public contract: never renumber. */
export const errors = {
  invalidSubaccount: registry.register(2, 'invalid subaccount'),
  subaccountNotFound: registry.register(3, 'subaccount not found'),
  marketNotFound: registry.register(4, 'market not found'),
  invalidDenom: registry.register(5, 'invalid collateral'),
  insufficientCollateral: registry.register(6, 'insufficient free collateral'),
  noPrice: registry.register(7, 'market has no price'),
  stalePrice: registry.register(8, 'oracle price is stale'),
  marketClosed: registry.register(9, 'market does not accept this order'),
  invalidOrder: registry.register(10, 'invalid order'),
  offTick: registry.register(11, 'price is not a multiple of the tick size'),
  offStep: registry.register(12, 'quantity is not a multiple of the step size'),
  orderTooSmall: registry.register(13, 'order is too small'),
  priceTooFar: registry.register(14, 'limit price is too far from mark price'),
  tooManyOrders: registry.register(15, 'too many open orders'),
  tooManyMarkets: registry.register(16, 'too many markets in one subaccount'),
  isolatedMarket: registry.register(17, 'isolated market needs a subaccount of its own'),
  duplicateClientId: registry.register(18, 'client id is in use'),
  orderNotFound: registry.register(19, 'order not found'),
  nothingToReduce: registry.register(20, 'reduce-only order has nothing to reduce'),
  positionTooLarge: registry.register(21, 'position would be too large for the market'),
  insufficientMargin: registry.register(22, 'insufficient margin'),
  unauthorized: registry.register(23, 'only governance may do this'),
  invalidMarket: registry.register(24, 'invalid market'),
  invalidParams: registry.register(25, 'invalid parameters'),
  halted: registry.register(26, 'trading is halted'),
  priceHeldBack: registry.register(27, 'oracle price is held back'),
  classNotEarned: registry.register(90, 'solvency class is not earned'),
  // 50 to 59: the auction.
  wouldTake: registry.register(50, 'post-only order would take'),
  contradictoryOrder: registry.register(51, 'terms of the order contradict each other'),
  invalidDisplay: registry.register(52, 'invalid display quantity'),
  assetNotFound: registry.register(110, 'collateral asset not found'),
  invalidAsset: registry.register(111, 'invalid collateral asset'),
  depositClosed: registry.register(112, 'deposits of this collateral are closed'),
  collateralCap: registry.register(113, 'too much of one collateral'),
  usdcOnly: registry.register(114, 'market accepts USDC only'),
  bidTooLow: registry.register(115, 'bid is below what collateral may sell for'),
  // 100 to 109: margin settings.
  invalidLeverage: registry.register(100, 'invalid leverage'),
  invalidMarginMode: registry.register(101, 'invalid margin mode'),
  isolatedSubaccount: registry.register(102, 'isolated subaccount holds one market'),
  // 140 to 149: keepers' bids.
  keeperBidNotFound: registry.register(140, 'keeper bid not found'),
  duplicateKeeperBid: registry.register(141, 'client id names a keeper bid'),
  invalidKeeperBid: registry.register(142, 'invalid keeper bid'),
  tooManyKeeperBids: registry.register(143, 'too many keeper bids'),
  // 160 to 174: breakers.
  cancelWaits: registry.register(160, 'call auction is about to end'),
  openInterestFull: registry.register(161, 'open interest is at its cap'),
  marketSettled: registry.register(162, 'market is being settled'),
  notHalted: registry.register(163, 'trading is not halted'),
  booksBroken: registry.register(164, 'the books do not balance'),
  priceIsBack: registry.register(165, 'market has a price again'),
  marketFrozen: registry.register(170, 'market is frozen'),
  // 180 to 184: recovery claims and traces.
  nothingToRecover: registry.register(180, 'nothing to collect'),
  // 60 to 89: orders that wait.
  expired: registry.register(60, 'order would be past its time'),
  expiryMismatch: registry.register(61, 'expiry and time in force do not fit'),
  expiryTooFar: registry.register(62, 'expiry is too far ahead'),
  invalidTrigger: registry.register(63, 'invalid trigger'),
  wouldTrigger: registry.register(64, 'order would trigger at once'),
  invalidTrailing: registry.register(65, 'invalid trailing distance'),
  noLastPrice: registry.register(66, 'market has not traded'),
  tooManyConditionals: registry.register(67, 'too many conditional orders'),
  triggersBusy: registry.register(68, 'triggers of the market are being worked off'),
  invalidLink: registry.register(69, 'linked orders do not fit'),
  invalidBracket: registry.register(70, 'bracket does not fit its entry'),
  invalidTwap: registry.register(71, 'invalid TWAP order'),
  invalidScale: registry.register(72, 'invalid scale order'),
  invalidPegged: registry.register(73, 'invalid pegged order'),
  tooManyAlgos: registry.register(74, 'too many algorithmic orders'),
  tooManyPegged: registry.register(75, 'too many pegged orders in the market'),
  cancelTooSoon: registry.register(76, 'scheduled cancel is too soon'),
  cancelTooLate: registry.register(77, 'scheduled cancel is too far ahead'),
  invalidAmendment: registry.register(78, 'invalid amendment'),
  // 185 to 194: withdrawals.
  nothingQueued: registry.register(185, 'no withdrawal waits'),
  moneyHeld: registry.register(186, 'money is held back where it is'),
  // 195: limits of one account.
  shareTooLarge: registry.register(195, 'position would be too large a part of the market'),
  // 196 to 199: netting.
  nettingClosed: registry.register(196, 'market nets no positions now'),
  nothingToNet: registry.register(197, 'no position to net'),
  nettingNotFound: registry.register(198, 'netting request not found'),
};

/** All codes with their texts, for documentation. */
export const errorList = registry.list();
