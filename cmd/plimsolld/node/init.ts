import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createApp } from '../../../app/app.js';
import { addDenomMetadata, addMarket, defaultAppState, validateAppState, type AppState } from '../../../app/genesis.js';
import { mounts } from '../../../app/mounts.js';
import { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import { consensusAddress } from '../../../runtime/crypto/address.js';
import { ConsensusKey } from '../../../runtime/engine/consensus-key.js';
import { timestampOf } from '../../../runtime/engine/time.js';
import {
  consensusParamsOf,
  defaultConsensusParams,
  parseGenesis,
  type GenesisDoc,
} from '../../../runtime/engine/genesis-doc.js';
import { silentLogger } from '../../../runtime/log.js';
import { openStore } from '../../../runtime/store/index.js';
import { StaticPriceSource } from '../../../x/oracle/sources/static.js';
import { paths, writeConfigs } from '../config.js';
import { Failure } from '../failure.js';

/** A market of genesis and the money behind it, in quote quanta. */
export interface GenesisMarket {
  readonly market: Market;
  readonly tranche: bigint;
}

/** Default state of all modules plus markets; checked as the chain would check it. */
export async function buildAppState(
  markets: readonly GenesisMarket[],
  change: (state: AppState) => void,
): Promise<AppState> {
  const store = await openStore({ mounts });
  const { modules, registry } = createApp({
    store,
    chainId: 'genesis',
    prices: new StaticPriceSource({}),
    logger: silentLogger,
  });
  const state = defaultAppState(modules);
  addDenomMetadata(state);
  for (const { market, tranche } of markets) {
    addMarket(state, market, registry.toJson('plimsoll.perps.v1.Market', Market.encode(market).finish()), tranche);
  }
  change(state);
  validateAppState(modules, state);
  return state;
}

/** A genesis whose validators the application's state names, by stake. */
export const stakedGenesisDoc = (chainId: string, genesisTime: string, state: AppState): GenesisDoc =>
  genesisOf(chainId, genesisTime, [], state);

export interface GenesisValidator {
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly power: bigint;
}

/** @throws Error naming the field at fault */
export function genesisOf(
  chainId: string,
  genesisTime: string,
  validators: readonly GenesisValidator[],
  state: AppState,
): GenesisDoc {
  return parseGenesis({
    genesis_time: genesisTime,
    chain_id: chainId,
    initial_height: '1',
    consensus_params: defaultConsensusParams,
    validators: validators.map(({ name, publicKey, power }) => ({
      address: Buffer.from(consensusAddress(publicKey)).toString('hex').toUpperCase(),
      pub_key: { type: 'tendermint/PubKeyEd25519', value: Buffer.from(publicKey).toString('base64') },
      power: power.toString(),
      name,
    })),
    app_hash: '',
    app_state: state,
  });
}

/** The genesis of a chain with one validator. */
export function genesisDoc(chainId: string, genesisTime: string, validator: ConsensusKey, state: AppState): GenesisDoc {
  return genesisOf(chainId, genesisTime, [{ name: 'validator', publicKey: validator.publicKey, power: 10n }], state);
}

/** Makes a home: configuration, a validator key, and the given genesis. Refuses to replace a genesis. */
export function writeHome(
  home: string,
  genesis: (validator: ConsensusKey) => GenesisDoc,
  configs: Parameters<typeof writeConfigs>[1],
): GenesisDoc {
  const files = paths(home);
  if (existsSync(files.genesis)) throw new Failure(`${files.genesis} exists: this home is set up already`);
  mkdirSync(files.config, { recursive: true });
  if (!existsSync(files.validatorKey)) ConsensusKey.generate().save(files.validatorKey);
  const doc = genesis(ConsensusKey.load(files.validatorKey));
  writeConfigs(home, configs);
  writeFileSync(files.genesis, `${JSON.stringify(doc, null, 2)}\n`);
  return doc;
}

/** Would a chain start from it? @throws Error naming what is wrong */
export async function checkGenesis(genesis: GenesisDoc): Promise<void> {
  const store = await openStore({ mounts });
  const { app, modules } = createApp({
    store,
    chainId: genesis.chain_id,
    prices: new StaticPriceSource({}),
    logger: silentLogger,
  });
  validateAppState(modules, genesis.app_state);
  const timeMs = BigInt(Date.parse(genesis.genesis_time));
  await app.initChain({
    time: timestampOf(timeMs),
    chainId: genesis.chain_id,
    consensusParams: consensusParamsOf(genesis),
    validators: genesis.validators.map(({ pub_key: key, power }) => ({
      pubKey: { ed25519: Buffer.from(key.value, 'base64'), secp256k1: undefined },
      power: BigInt(power),
    })),
    appStateBytes: Buffer.from(JSON.stringify(genesis.app_state), 'utf8'),
    initialHeight: BigInt(genesis.initial_height),
  });
}
