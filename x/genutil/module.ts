import { MsgCreateValidator } from '../../gen/cosmos/staking/v1beta1/tx.js';
import { AuthInfo, Tx, TxBody, TxRaw } from '../../gen/cosmos/tx/v1beta1/tx.js';
import type { Context } from '../../runtime/baseapp/context.js';
import type { GenesisJson, Module } from '../../runtime/baseapp/module.js';
import type { JsonValue, ProtoRegistry } from '../../runtime/codec/types.js';

const txType = 'cosmos.tx.v1beta1.Tx';
const messageUrl = '/cosmos.staking.v1beta1.MsgCreateValidator';

/** A signed transaction of genesis as JSON, as the Cosmos SDK writes it. */
export function genTxToJson(registry: ProtoRegistry, bytes: Uint8Array): JsonValue {
  const { bodyBytes, authInfoBytes, signatures } = TxRaw.decode(bytes);
  const tx = { body: TxBody.decode(bodyBytes), authInfo: AuthInfo.decode(authInfoBytes), signatures };
  return registry.toJson(txType, Tx.encode(tx).finish());
}

/** The bytes that were signed. @throws Error naming what is wrong with it */
export function genTxFromJson(registry: ProtoRegistry, json: JsonValue): Uint8Array {
  const { body, authInfo, signatures } = Tx.decode(registry.fromJson(txType, json));
  if (body === undefined || authInfo === undefined) throw new Error('body and auth_info: expected both');
  const [message, ...others] = body.messages;
  if (message?.typeUrl !== messageUrl || others.length > 0)
    throw new Error(`body.messages: expected one message, ${messageUrl}`);
  if (MsgCreateValidator.decode(message.value).validatorAddress === '')
    throw new Error('body.messages[0].validator_address: missing');
  return TxRaw.encode({
    bodyBytes: TxBody.encode(body).finish(),
    authInfoBytes: AuthInfo.encode(authInfo).finish(),
    signatures,
  }).finish();
}

/** Validators that make themselves at genesis, by transactions they signed before there was a chain. */
export class GenutilModule implements Module {
  readonly name = 'genutil';
  readonly stores = [] as const;

  constructor(
    readonly registry: ProtoRegistry,
    /** Runs a transaction in the mode of genesis. @throws AppError when it fails */
    readonly run: (ctx: Context, tx: Uint8Array) => void,
  ) {}

  register(): void {}

  defaultGenesis(): GenesisJson {
    return { gen_txs: [] };
  }

  validateGenesis(json: GenesisJson): void {
    this.#read(json);
  }

  initGenesis(ctx: Context, json: GenesisJson): void {
    for (const [index, tx] of this.#read(json).entries()) {
      try {
        this.run(ctx, tx);
      } catch (error) {
        throw new Error(`genutil.gen_txs[${index}]: ${(error as Error).message}`, { cause: error });
      }
    }
  }

  exportGenesis(): GenesisJson {
    return { gen_txs: [] };
  }

  #read(json: GenesisJson): Uint8Array[] {
    const { gen_txs: list, ...others } = json as { readonly gen_txs?: JsonValue };
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) throw new Error(`genutil.${unknown}: no such field`);
    if (!Array.isArray(list)) throw new Error('genutil.gen_txs: expected a list of transactions');
    return list.map((tx, index) => {
      try {
        return genTxFromJson(this.registry, tx);
      } catch (error) {
        throw new Error(`genutil.gen_txs[${index}]: ${(error as Error).message}`, { cause: error });
      }
    });
  }
}
