import { GenesisState } from '../../gen/cosmos/slashing/v1beta1/genesis.js';
import { QueryDefinition } from '../../gen/cosmos/slashing/v1beta1/query.js';
import { MsgDefinition } from '../../gen/cosmos/slashing/v1beta1/tx.js';
import { parseAddress } from '../../runtime/baseapp/address.js';
import { requireAuthority } from '../../runtime/baseapp/authority.js';
import type { Context } from '../../runtime/baseapp/context.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';
import type { GenesisJson, Module, ServiceRegistrar } from '../../runtime/baseapp/module.js';
import { paginate } from '../../runtime/baseapp/pagination.js';
import type { JsonValue, ProtoRegistry } from '../../runtime/codec/types.js';
import { consensusPrefix, fromBech32, toBech32 } from '../../runtime/crypto/address.js';
import { storeName, type SlashingKeeper } from './keeper.js';
import { countSignatures, punishMisbehavior } from './liveness.js';
import { defaultParams, rulesOf } from './params.js';
import { infoFromProto, infoToProto } from './signing-info.js';
import { unjail } from './unjail.js';

const genesisType = 'cosmos.slashing.v1beta1.GenesisState';

/** Validators answer for what they sign, and for not signing. */
export class SlashingModule implements Module {
  readonly name = 'slashing';
  readonly stores = [{ name: storeName, kind: 'committed' }] as const;

  constructor(
    readonly keeper: SlashingKeeper,
    readonly registry: ProtoRegistry,
    /** bech32 address that governance messages come from. */
    readonly authority: string,
  ) {}

  register(registrar: ServiceRegistrar): void {
    const { keeper } = this;
    registrar.msgs(MsgDefinition, {
      unjail: (ctx, msg) => unjail(ctx, keeper, msg),
      updateParams: (ctx, { authority, params }) => {
        requireAuthority(authority, this.authority);
        if (params === undefined) throw sdkErrors.invalidRequest('params: missing');
        rulesOf(params);
        keeper.setParams(ctx, params);
        return {};
      },
    });
    registrar.queries(QueryDefinition, {
      params: (ctx) => ({ params: keeper.params(ctx) }),
      signingInfo: (ctx, { consAddress }) => {
        const info = keeper.info(ctx, parseAddress(consAddress, 'cons_address', consensusPrefix));
        if (info === undefined) throw sdkErrors.keyNotFound(`SigningInfo not found for validator ${consAddress}`);
        return { valSigningInfo: infoToProto(info) };
      },
      signingInfos: (ctx, { pagination }) => {
        const page = paginate(keeper.infos(ctx), pagination, ({ address }) => address, infoToProto);
        return { info: page.items, pagination: page.pagination };
      },
    });
  }

  beginBlock(ctx: Context): void {
    countSignatures(ctx, this.keeper);
    punishMisbehavior(ctx, this.keeper);
  }

  defaultGenesis(): GenesisJson {
    return this.#toJson({ params: defaultParams, signingInfos: [], missedBlocks: [] });
  }

  validateGenesis(json: GenesisJson): void {
    this.#fromJson(json);
  }

  initGenesis(ctx: Context, json: GenesisJson): void {
    const { keeper } = this;
    const state = this.#fromJson(json);
    keeper.setParams(ctx, state.params!);
    const { window } = keeper.rules(ctx);
    for (const { validatorSigningInfo } of state.signingInfos) {
      const info = infoFromProto(validatorSigningInfo!);
      keeper.setInfo(ctx, info);
      keeper.setWindow(ctx, info.address, window);
    }
    for (const { address, missedBlocks } of state.missedBlocks) {
      for (const { index, missed } of missedBlocks)
        if (missed) keeper.setMissed(ctx, fromBech32(address, consensusPrefix), Number(index), true);
    }
  }

  exportGenesis(ctx: Context): GenesisJson {
    const { keeper } = this;
    const { window } = keeper.rules(ctx);
    const infos = [...keeper.infos(ctx)].map((info) =>
      // What is of a window of another length begins anew at its next vote; say so already here.
      keeper.windowOf(ctx, info.address) === window ? info : { ...info, indexOffset: 0n, missed: 0n },
    );
    return this.#toJson({
      params: keeper.params(ctx),
      signingInfos: infos.map((info) => ({
        address: toBech32(info.address, consensusPrefix),
        validatorSigningInfo: infoToProto(info),
      })),
      missedBlocks: infos
        .filter(({ address }) => keeper.windowOf(ctx, address) === window)
        .map(({ address }) => ({
          address: toBech32(address, consensusPrefix),
          missedBlocks: [...keeper.missedOf(ctx, address)].map((index) => ({ index: BigInt(index), missed: true })),
        }))
        .filter(({ missedBlocks }) => missedBlocks.length > 0),
    });
  }

  #toJson(state: GenesisState): JsonValue {
    return this.registry.toJson(genesisType, GenesisState.encode(state).finish());
  }

  #fromJson(json: GenesisJson): GenesisState {
    const state = GenesisState.decode(this.registry.fromJson(genesisType, json as JsonValue));
    if (state.params === undefined) throw new Error('slashing.params: missing');
    const { window } = rulesOf(state.params);
    const missed = new Map<string, bigint>();
    for (const [index, { address, validatorSigningInfo }] of state.signingInfos.entries()) {
      const field = `slashing.signing_infos[${index}]`;
      if (validatorSigningInfo === undefined) throw new Error(`${field}.validator_signing_info: missing`);
      if (validatorSigningInfo.address !== address) throw new Error(`${field}.address: ${address} differs inside`);
      if (missed.has(address)) throw new Error(`${field}.address: ${address} is listed twice`);
      missed.set(address, infoFromProto(validatorSigningInfo).missed);
    }
    for (const [index, { address, missedBlocks }] of state.missedBlocks.entries()) {
      const field = `slashing.missed_blocks[${index}]`;
      fromBech32(address, consensusPrefix);
      const seen = new Set<bigint>();
      for (const block of missedBlocks) {
        if (block.index < 0n || block.index >= window)
          throw new Error(`${field}.index: ${block.index}; expected 0 to ${window - 1n}`);
        if (block.missed) seen.add(block.index);
      }
      if (BigInt(seen.size) !== missed.get(address))
        throw new Error(`${field}: ${seen.size} missed, missed_blocks_counter says ${missed.get(address) ?? 0n}`);
      missed.set(address, 0n);
    }
    for (const [address, count] of missed) {
      if (count !== 0n && !state.missedBlocks.some((each) => each.address === address))
        throw new Error(`slashing.missed_blocks: ${address} missed ${count} blocks and none is listed`);
    }
    return state;
  }
}
