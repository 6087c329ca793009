import { PubKey } from '../../../gen/cosmos/crypto/ed25519/keys.js';
import { MsgCreateValidator } from '../../../gen/cosmos/staking/v1beta1/tx.js';
import { decFromText, decToWire } from '../../../runtime/baseapp/dec.js';
import type { JsonValue, ProtoRegistry } from '../../../runtime/codec/types.js';
import { fromBech32, operatorPrefix, toBech32 } from '../../../runtime/crypto/address.js';
import { genTxToJson } from '../../../x/genutil/module.js';
import type { SigningKey } from '../keyring/keyring.js';
import { signDirect } from './sign.js';

/** What a validator says of itself before there is a chain. */
export interface GenTxOptions {
  readonly moniker: string;
  /** Decimals from 0 to 1. */
  readonly commissionRate?: string;
  readonly commissionMaxRate?: string;
  readonly commissionMaxChangeRate?: string;
  readonly minSelfDelegation?: string;
  readonly details?: string;
  readonly website?: string;
}

const gasLimit = 500_000n;

/**
 * A signed MsgCreateValidator for a genesis: account number and sequence are zero there.
 * @param publicKey ed25519 key that the validator votes with
 * @throws Error when a rate is no decimal
 */
export function makeGenTx(
  registry: ProtoRegistry,
  chainId: string,
  key: SigningKey,
  publicKey: Uint8Array,
  value: { readonly denom: string; readonly amount: string },
  options: GenTxOptions,
): JsonValue {
  const rate = (text: string): string => decToWire(decFromText(text));
  const message = MsgCreateValidator.fromPartial({
    description: { moniker: options.moniker, details: options.details ?? '', website: options.website ?? '' },
    commission: {
      rate: rate(options.commissionRate ?? '0.1'),
      maxRate: rate(options.commissionMaxRate ?? '0.2'),
      maxChangeRate: rate(options.commissionMaxChangeRate ?? '0.01'),
    },
    minSelfDelegation: options.minSelfDelegation ?? '1',
    validatorAddress: toBech32(fromBech32(key.address), operatorPrefix),
    pubkey: { typeUrl: '/cosmos.crypto.ed25519.PubKey', value: PubKey.encode({ key: publicKey }).finish() },
    value,
  });
  const typeName = 'cosmos.staking.v1beta1.MsgCreateValidator';
  const messages = [{ typeName, bytes: MsgCreateValidator.encode(message).finish() }];
  const signed = signDirect({ messages, fee: [], gasLimit }, key, { chainId, accountNumber: 0n, sequence: 0n });
  return genTxToJson(registry, signed);
}
