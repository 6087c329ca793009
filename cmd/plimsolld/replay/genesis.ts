import { createHash } from 'node:crypto';
import {
  addBalance,
  addMarket,
  defaultAppState,
  fundVault,
  setOutage,
  validateAppState,
  type AppState,
} from '../../../app/genesis.js';
import { Market } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Module } from '../../../runtime/baseapp/module.js';
import type { Registry } from '../../../runtime/codec/registry.js';
import { moduleAddress, toBech32 } from '../../../runtime/crypto/address.js';
import type { ConsensusKey } from '../../../runtime/engine/consensus-key.js';
import { defaultConsensusParams, type GenesisDoc } from '../../../runtime/engine/genesis-doc.js';
import { defaultBreakerParams } from '../../../x/perps/breakers/params.js';
import { collateralDenom } from '../../../x/perps/deps.js';
import type { ReplayInputs } from './inputs.js';
import type { Timeline } from './timeline.js';
import type { Trader } from './traders/trader.js';

export const replayChainId = 'plimsoll-replay-1';

/** Stakes that a trader owns beside the one on the exchange: what it comes back with after losses. */
const walletStakes = 20n;
/** A tranche starts with this part of what traders hold on the exchange. */
const tranchePart = 100n;
const leastTranche = 1_000_000_000n;

/** 32 bytes that make the replay's validator key. */
export const validatorSeed = (seed: string): Uint8Array =>
  createHash('sha256').update(`plimsoll replay ${seed} validator`).digest();

/** The chain before its first block: markets, tranches, traders with collateral. */
export function replayGenesis(
  inputs: ReplayInputs,
  markets: readonly Market[],
  timeline: Timeline,
  traders: readonly Trader[],
  app: { readonly registry: Registry; readonly modules: readonly Module[] },
  validator: ConsensusKey,
): GenesisDoc {
  const state = defaultAppState(app.modules);
  for (const market of markets) {
    const json = app.registry.toJson('plimsoll.perps.v1.Market', Market.encode(market).finish());
    addMarket(state, market, json, trancheOf(market.id, traders));
  }
  fundTraders(state, traders);
  const behind = markets.reduce((sum, { id }) => sum + trancheOf(id, traders), 0n);
  // All markets of a replay are of one class; its vault is worth as much as their tranches together.
  fundVault(state, Number(markets[0]!.class), behind);
  if (timeline.outageMs > defaultBreakerParams.outageMs) setOutage(state, timeline.outageMs);
  validateAppState(app.modules, state);
  return {
    genesis_time: new Date(Number(timeline.timeMs(1))).toISOString(),
    chain_id: replayChainId,
    initial_height: '1',
    consensus_params: defaultConsensusParams,
    validators: [
      {
        address: Buffer.from(validator.address).toString('hex').toUpperCase(),
        pub_key: { type: 'tendermint/PubKeyEd25519', value: Buffer.from(validator.publicKey).toString('base64') },
        power: '10',
        name: 'replay',
      },
    ],
    app_hash: '',
    app_state: state,
  };
}

function trancheOf(market: number, traders: readonly Trader[]): bigint {
  const staked = traders.filter(({ markets }) => markets[0] === market).reduce((sum, { stake }) => sum + stake, 0n);
  const part = staked / tranchePart;
  return part > leastTranche ? part : leastTranche;
}

function fundTraders(state: AppState, traders: readonly Trader[]): void {
  const { bank, perps } = state as unknown as {
    readonly bank: { balances: { address: string; coins: { denom: string; amount: string }[] }[] };
    readonly perps: { subaccounts: unknown[] };
  };
  let deposited = 0n;
  for (const { wallet, stake } of traders) {
    const coins = [{ denom: collateralDenom, amount: (stake * walletStakes).toString() }];
    bank.balances.push({ address: wallet.bech32, coins });
    perps.subaccounts.push({ id: { owner: wallet.bech32, number: 0 }, cash: stake.toString(), underwater_height: '0' });
    deposited += stake;
  }
  addBalance(state, toBech32(moduleAddress('perps')), collateralDenom, deposited);
}
