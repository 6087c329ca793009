import { ErrorRegistry } from '../../runtime/baseapp/errors.js';

const registry = new ErrorRegistry('insurance');

/** Why insurance refuses a message. */
export const errors = {
  unauthorized: registry.register(2, 'only governance may do this'),
  trancheNotFound: registry.register(3, 'tranche not found'),
  invalidDenom: registry.register(4, 'invalid contribution'),
  invalidParams: registry.register(5, 'invalid parameters'),
  depositTooSmall: registry.register(6, 'deposit is too small'),
  noDepositRoom: registry.register(7, 'too little of the tranche would be junior'),
  invalidShares: registry.register(8, 'invalid shares'),
  insufficientShares: registry.register(9, 'insufficient shares'),
  noExit: registry.register(10, 'nothing asked to leave'),
};
