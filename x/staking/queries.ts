import type { QueryDefinition } from '../../gen/cosmos/staking/v1beta1/query.js';
import {
  BondStatus,
  type DelegationResponse,
  type RedelegationResponse,
} from '../../gen/cosmos/staking/v1beta1/staking.js';
import { parseAddress } from '../../runtime/baseapp/address.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { decTruncate } from '../../runtime/baseapp/dec.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';
import type { Handlers } from '../../runtime/baseapp/module.js';
import { paginate } from '../../runtime/baseapp/pagination.js';
import { operatorPrefix } from '../../runtime/crypto/address.js';
import { worthOf } from './delegate.js';
import { delegationToProto, type StakingKeeper } from './keeper.js';
import { tokensFromShares } from './shares.js';
import {
  redelegationToProto,
  unbondingToProto,
  validatorToProto,
  type Delegation,
  type Redelegation,
  type Validator,
} from './types.js';

export function queries(k: StakingKeeper): Handlers<typeof QueryDefinition> {
  const operatorOf = (text: string, field = 'validator_addr'): Uint8Array => parseAddress(text, field, operatorPrefix);
  const delegatorOf = (text: string): Uint8Array => parseAddress(text, 'delegator_addr');

  function validatorOf(ctx: Context, text: string): Validator {
    const validator = k.validator(ctx, operatorOf(text));
    if (validator === undefined) throw sdkErrors.keyNotFound(`validator ${text} not found`);
    return validator;
  }

  function withBalance(ctx: Context, delegation: Delegation): DelegationResponse {
    const validator = k.validator(ctx, delegation.validator)!;
    const amount = worthOf(validator, delegation).toString();
    return { delegation: delegationToProto(delegation), balance: { denom: k.bondDenom(ctx), amount } };
  }

  function withBalances(ctx: Context, redelegation: Redelegation): RedelegationResponse {
    const proto = redelegationToProto(redelegation);
    const destination = k.validator(ctx, redelegation.destination);
    return {
      redelegation: { ...proto, entries: [] },
      entries: redelegation.entries.map(({ sharesDst }, index) => ({
        redelegationEntry: proto.entries[index],
        balance: (destination === undefined ? 0n : decTruncate(tokensFromShares(destination, sharesDst))).toString(),
      })),
    };
  }

  function delegationOf(ctx: Context, delegatorAddr: string, validatorAddr: string): Delegation {
    const delegation = k.delegation(ctx, delegatorOf(delegatorAddr), operatorOf(validatorAddr));
    if (delegation === undefined)
      throw sdkErrors.keyNotFound(
        `delegation with delegator ${delegatorAddr} not found for validator ${validatorAddr}`,
      );
    return delegation;
  }

  return {
    validators: (ctx, { status, pagination }) => {
      const wanted = status === '' ? undefined : BondStatus[status as keyof typeof BondStatus];
      if (status !== '' && wanted === undefined)
        throw sdkErrors.invalidRequest(`status: ${JSON.stringify(status.slice(0, 60))}; expected a BOND_STATUS_ name`);
      const page = paginate(
        filter(k.validators(ctx), (validator) => wanted === undefined || validator.status === wanted),
        pagination,
        ({ operator }) => operator,
        validatorToProto,
      );
      return { validators: page.items, pagination: page.pagination };
    },
    validator: (ctx, { validatorAddr }) => ({ validator: validatorToProto(validatorOf(ctx, validatorAddr)) }),
    validatorDelegations: (ctx, { validatorAddr, pagination }) => {
      const { operator } = validatorOf(ctx, validatorAddr);
      const page = paginate(
        k.delegationsTo(ctx, operator),
        pagination,
        ({ delegator }) => delegator,
        (delegation) => withBalance(ctx, delegation),
      );
      return { delegationResponses: page.items, pagination: page.pagination };
    },
    validatorUnbondingDelegations: (ctx, { validatorAddr, pagination }) => {
      const unbondings = k.unbondingsFrom(ctx, operatorOf(validatorAddr));
      const page = paginate(unbondings, pagination, ({ delegator }) => delegator, unbondingToProto);
      return { unbondingResponses: page.items, pagination: page.pagination };
    },
    delegation: (ctx, { delegatorAddr, validatorAddr }) => ({
      delegationResponse: withBalance(ctx, delegationOf(ctx, delegatorAddr, validatorAddr)),
    }),
    unbondingDelegation: (ctx, { delegatorAddr, validatorAddr }) => {
      const unbonding = k.unbonding(ctx, delegatorOf(delegatorAddr), operatorOf(validatorAddr));
      if (unbonding === undefined) {
        throw sdkErrors.keyNotFound(
          `unbonding delegation with delegator ${delegatorAddr} not found for validator ${validatorAddr}`,
        );
      }
      return { unbond: unbondingToProto(unbonding) };
    },
    delegatorDelegations: (ctx, { delegatorAddr, pagination }) => {
      const page = paginate(
        k.delegations(ctx, delegatorOf(delegatorAddr)),
        pagination,
        ({ validator }) => validator,
        (delegation) => withBalance(ctx, delegation),
      );
      return { delegationResponses: page.items, pagination: page.pagination };
    },
    delegatorUnbondingDelegations: (ctx, { delegatorAddr, pagination }) => {
      const unbondings = k.unbondings(ctx, delegatorOf(delegatorAddr));
      const page = paginate(unbondings, pagination, ({ validator }) => validator, unbondingToProto);
      return { unbondingResponses: page.items, pagination: page.pagination };
    },
    redelegations: (ctx, { delegatorAddr, srcValidatorAddr, dstValidatorAddr, pagination }) => {
      if (delegatorAddr === '' && srcValidatorAddr === '')
        throw sdkErrors.invalidRequest('delegator_addr: empty; name a delegator or a source validator');
      const source = srcValidatorAddr === '' ? undefined : operatorOf(srcValidatorAddr, 'src_validator_addr');
      const destination = dstValidatorAddr === '' ? undefined : operatorOf(dstValidatorAddr, 'dst_validator_addr');
      const found =
        delegatorAddr === '' ? k.redelegationsFrom(ctx, source!) : k.redelegations(ctx, delegatorOf(delegatorAddr));
      const isAsked = (each: Redelegation): boolean =>
        (source === undefined || Buffer.compare(each.source, source) === 0) &&
        (destination === undefined || Buffer.compare(each.destination, destination) === 0);
      const page = paginate(
        filter(found, isAsked),
        pagination,
        (each) => Buffer.concat([each.delegator, each.source, each.destination]),
        (each) => withBalances(ctx, each),
      );
      return { redelegationResponses: page.items, pagination: page.pagination };
    },
    delegatorValidators: (ctx, { delegatorAddr, pagination }) => {
      const page = paginate(
        k.delegations(ctx, delegatorOf(delegatorAddr)),
        pagination,
        ({ validator }) => validator,
        ({ validator }) => validatorToProto(k.validator(ctx, validator)!),
      );
      return { validators: page.items, pagination: page.pagination };
    },
    delegatorValidator: (ctx, { delegatorAddr, validatorAddr }) => {
      const { validator } = delegationOf(ctx, delegatorAddr, validatorAddr);
      return { validator: validatorToProto(k.validator(ctx, validator)!) };
    },
    pool: (ctx) => ({
      pool: { notBondedTokens: k.notBondedTokens(ctx).toString(), bondedTokens: k.bondedTokens(ctx).toString() },
    }),
    params: (ctx) => ({ params: k.params(ctx) }),
  };
}

function* filter<T>(items: Iterable<T>, keep: (item: T) => boolean): Iterable<T> {
  for (const item of items) if (keep(item)) yield item;
}
