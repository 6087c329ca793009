import { ErrorRegistry } from '../../runtime/baseapp/errors.js';

const registry = new ErrorRegistry('staking');

/** Why staking refuses a message; codes as Cosmos clients know them. */
export const errors = {
  noValidator: registry.register(3, 'validator does not exist'),
  ownerExists: registry.register(
    4,
    'validator already exist for this operator address; must use new validator operator address',
  ),
  pubKeyExists: registry.register(5, 'validator already exist for this pubkey; must use new validator pubkey'),
  pubKeyType: registry.register(6, 'validator pubkey type is not supported'),
  validatorJailed: registry.register(7, 'validator for this address is currently jailed'),
  commissionNegative: registry.register(9, 'commission must be positive'),
  commissionHuge: registry.register(10, 'commission cannot be more than 100%'),
  commissionAboveMax: registry.register(11, 'commission cannot be more than the max rate'),
  commissionTooSoon: registry.register(12, 'commission cannot be changed more than once in 24h'),
  changeRateNegative: registry.register(13, 'commission change rate must be positive'),
  changeRateAboveMax: registry.register(14, 'commission change rate cannot be more than the max rate'),
  commissionStepTooLarge: registry.register(15, 'commission cannot be changed more than max change rate'),
  selfDelegationTooLow: registry.register(
    16,
    "validator's self delegation must be greater than their minimum self delegation",
  ),
  minSelfDelegationDecreased: registry.register(17, 'minimum self delegation cannot be decrease'),
  noDelegation: registry.register(19, 'no delegation for (address, validator) tuple'),
  notEnoughShares: registry.register(24, 'not enough delegation shares'),
  noUnbonding: registry.register(26, 'no unbonding delegation found'),
  maxUnbondings: registry.register(27, 'too many unbonding delegation entries for (delegator, validator) tuple'),
  noRedelegation: registry.register(28, 'no redelegation found'),
  selfRedelegation: registry.register(29, 'cannot redelegate to the same validator'),
  tinyRedelegation: registry.register(30, 'too few tokens to redelegate (truncates to zero tokens)'),
  badRedelegationDst: registry.register(31, 'redelegation destination validator not found'),
  transitiveRedelegation: registry.register(
    32,
    'redelegation to this validator already in progress; first redelegation to this validator must complete before next redelegation',
  ),
  maxRedelegations: registry.register(
    33,
    'too many redelegation entries for (delegator, src-validator, dst-validator) tuple',
  ),
  exchangeRate: registry.register(34, 'cannot delegate to validators with invalid (zero) ex-rate'),
  noPubKey: registry.register(39, 'empty validator public key'),
  commissionBelowMin: registry.register(40, 'commission cannot be less than min rate'),
};
