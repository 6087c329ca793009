import { ErrorRegistry } from '../../runtime/baseapp/errors.js';

const registry = new ErrorRegistry('backstop');

/** Why a backstop vault refuses a message. */
export const errors = {
  vaultNotFound: registry.register(3, 'vault not found'),
  invalidDenom: registry.register(4, 'invalid deposit'),
  invalidParams: registry.register(5, 'invalid parameters'),
  depositTooSmall: registry.register(6, 'deposit is too small'),
  notPriced: registry.register(7, 'vault cannot be priced'),
  invalidShares: registry.register(8, 'invalid shares'),
  insufficientShares: registry.register(9, 'insufficient shares'),
  noExit: registry.register(10, 'nothing asked to leave'),
};
