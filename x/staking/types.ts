import { PubKey } from '../../gen/cosmos/crypto/ed25519/keys.js';
import type {
  Redelegation as RedelegationProto,
  UnbondingDelegation as UnbondingProto,
  Validator as ValidatorProto,
} from '../../gen/cosmos/staking/v1beta1/staking.js';
import { BondStatus, type Description } from '../../gen/cosmos/staking/v1beta1/staking.js';
import { decFromWire, decToWire, type Dec } from '../../runtime/baseapp/dec.js';
import { msOfProtoTime, protoTimeOf } from '../../runtime/baseapp/time.js';
import { consensusAddress, fromBech32, operatorPrefix, toBech32 } from '../../runtime/crypto/address.js';

export const ed25519TypeUrl = '/cosmos.crypto.ed25519.PubKey';

/** Parts of rewards, as decimals from 0 to 1. */
export interface CommissionRates {
  readonly rate: Dec;
  readonly maxRate: Dec;
  /** Largest rise in a day. */
  readonly maxChangeRate: Dec;
}

/** Somebody who may vote. `tokens` are what it stands for, `shares` who owns how much of them. */
export interface Validator {
  /** 20 bytes: the operator's account. */
  readonly operator: Uint8Array;
  /** ed25519. */
  readonly pubKey: Uint8Array;
  readonly jailed: boolean;
  readonly status: BondStatus;
  readonly tokens: bigint;
  readonly shares: Dec;
  readonly description: Description;
  readonly unbondingHeight: bigint;
  readonly unbondingTimeMs: bigint;
  readonly commission: CommissionRates;
  readonly commissionUpdateMs: bigint;
  readonly minSelfDelegation: bigint;
}

export interface Delegation {
  readonly delegator: Uint8Array;
  readonly validator: Uint8Array;
  readonly shares: Dec;
}

export interface UnbondingEntry {
  readonly creationHeight: bigint;
  readonly completionMs: bigint;
  readonly initialBalance: bigint;
  readonly balance: bigint;
}

/** What one delegator takes back from one validator. */
export interface Unbonding {
  readonly delegator: Uint8Array;
  readonly validator: Uint8Array;
  readonly entries: readonly UnbondingEntry[];
}

export interface RedelegationEntry {
  readonly creationHeight: bigint;
  readonly completionMs: bigint;
  readonly initialBalance: bigint;
  readonly sharesDst: Dec;
}

/** What one delegator moved from one validator to another, while it still answers for the first. */
export interface Redelegation {
  readonly delegator: Uint8Array;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly entries: readonly RedelegationEntry[];
}

export const isBonded = ({ status }: Validator): boolean => status === BondStatus.BOND_STATUS_BONDED;
export const isUnbonding = ({ status }: Validator): boolean => status === BondStatus.BOND_STATUS_UNBONDING;
export const isUnbonded = ({ status }: Validator): boolean => status === BondStatus.BOND_STATUS_UNBONDED;
export const consensusAddressOf = ({ pubKey }: Validator): Uint8Array => consensusAddress(pubKey);
export const operatorText = (operator: Uint8Array): string => toBech32(operator, operatorPrefix);

/** @throws Error naming the field unless the text is an integer that is not negative */
function integer(text: string, field: string): bigint {
  if (!/^(0|[1-9][0-9]{0,37})$/.test(text)) {
    throw new Error(`${field}: ${JSON.stringify(text.slice(0, 60))} is not an integer of at most 38 digits`);
  }
  return BigInt(text);
}

export function validatorToProto(view: Validator): ValidatorProto {
  const { rate, maxRate, maxChangeRate } = view.commission;
  return {
    operatorAddress: operatorText(view.operator),
    consensusPubkey: { typeUrl: ed25519TypeUrl, value: PubKey.encode({ key: view.pubKey }).finish() },
    jailed: view.jailed,
    status: view.status,
    tokens: view.tokens.toString(),
    delegatorShares: decToWire(view.shares),
    description: view.description,
    unbondingHeight: view.unbondingHeight,
    unbondingTime: protoTimeOf(view.unbondingTimeMs),
    commission: {
      commissionRates: {
        rate: decToWire(rate),
        maxRate: decToWire(maxRate),
        maxChangeRate: decToWire(maxChangeRate),
      },
      updateTime: protoTimeOf(view.commissionUpdateMs),
    },
    minSelfDelegation: view.minSelfDelegation.toString(),
    unbondingOnHoldRefCount: 0n,
    unbondingIds: [],
  };
}

/** @throws Error naming the field at fault */
export function validatorFromProto(proto: ValidatorProto): Validator {
  const { consensusPubkey, commission, description } = proto;
  if (consensusPubkey === undefined || !consensusPubkey.typeUrl.endsWith(ed25519TypeUrl)) {
    throw new Error(`consensus_pubkey: ${consensusPubkey?.typeUrl ?? 'missing'}; expected ${ed25519TypeUrl}`);
  }
  const { key } = PubKey.decode(consensusPubkey.value);
  if (key.length !== 32) throw new Error(`consensus_pubkey.key: ${key.length} bytes; expected 32`);
  if (description === undefined) throw new Error('description: missing');
  const rates = commission?.commissionRates;
  if (rates === undefined) throw new Error('commission.commission_rates: missing');
  return {
    operator: fromBech32(proto.operatorAddress, operatorPrefix),
    pubKey: key,
    jailed: proto.jailed,
    status: proto.status,
    tokens: integer(proto.tokens, 'tokens'),
    shares: decFromWire(proto.delegatorShares, 'delegator_shares'),
    description,
    unbondingHeight: proto.unbondingHeight,
    unbondingTimeMs: msOfProtoTime(proto.unbondingTime),
    commission: {
      rate: decFromWire(rates.rate, 'commission.rate'),
      maxRate: decFromWire(rates.maxRate, 'commission.max_rate'),
      maxChangeRate: decFromWire(rates.maxChangeRate, 'commission.max_change_rate'),
    },
    commissionUpdateMs: msOfProtoTime(commission!.updateTime),
    minSelfDelegation: integer(proto.minSelfDelegation, 'min_self_delegation'),
  };
}

export function unbondingToProto({ delegator, validator, entries }: Unbonding): UnbondingProto {
  return {
    delegatorAddress: toBech32(delegator),
    validatorAddress: operatorText(validator),
    entries: entries.map(({ creationHeight, completionMs, initialBalance, balance }) => ({
      creationHeight,
      completionTime: protoTimeOf(completionMs),
      initialBalance: initialBalance.toString(),
      balance: balance.toString(),
      unbondingId: 0n,
      unbondingOnHoldRefCount: 0n,
    })),
  };
}

/** @throws Error naming the field at fault */
export function unbondingFromProto(proto: UnbondingProto): Unbonding {
  return {
    delegator: fromBech32(proto.delegatorAddress),
    validator: fromBech32(proto.validatorAddress, operatorPrefix),
    entries: proto.entries.map(({ creationHeight, completionTime, initialBalance, balance }, index) => ({
      creationHeight,
      completionMs: msOfProtoTime(completionTime),
      initialBalance: integer(initialBalance, `entries[${index}].initial_balance`),
      balance: integer(balance, `entries[${index}].balance`),
    })),
  };
}

export function redelegationToProto({ delegator, source, destination, entries }: Redelegation): RedelegationProto {
  return {
    delegatorAddress: toBech32(delegator),
    validatorSrcAddress: operatorText(source),
    validatorDstAddress: operatorText(destination),
    entries: entries.map(({ creationHeight, completionMs, initialBalance, sharesDst }) => ({
      creationHeight,
      completionTime: protoTimeOf(completionMs),
      initialBalance: initialBalance.toString(),
      sharesDst: decToWire(sharesDst),
      unbondingId: 0n,
      unbondingOnHoldRefCount: 0n,
    })),
  };
}

/** @throws Error naming the field at fault */
export function redelegationFromProto(proto: RedelegationProto): Redelegation {
  return {
    delegator: fromBech32(proto.delegatorAddress),
    source: fromBech32(proto.validatorSrcAddress, operatorPrefix),
    destination: fromBech32(proto.validatorDstAddress, operatorPrefix),
    entries: proto.entries.map(({ creationHeight, completionTime, initialBalance, sharesDst }, index) => ({
      creationHeight,
      completionMs: msOfProtoTime(completionTime),
      initialBalance: integer(initialBalance, `entries[${index}].initial_balance`),
      sharesDst: decFromWire(sharesDst, `entries[${index}].shares_dst`),
    })),
  };
}
