import type { AppState } from '../../../app/genesis.js';
import { keyFromMnemonic } from '../keyring/keyring.js';
import type { GenesisMarket } from '../node/init.js';
import { marketOfClass } from '../../../x/perps/params.js';

/** Accounts of the devnet. Their words are public: anybody has these keys, so no money may ever lie on them. */
export const demoAccounts = [
  { name: 'alice', mnemonic: 'supreme december menu smoke swear shrug crush lottery sphere know cart margin' },
  { name: 'bob', mnemonic: 'avocado olive lazy vendor vessel lumber ostrich human diary glue brother cage' },
  { name: 'carol', mnemonic: 'issue once like occur present ivory differ spoon text expose dog diet' },
  { name: 'maker', mnemonic: 'goddess shiver brother one margin bonus thunder soldier source plug practice attend' },
] as const;

/** Where prices start. */
export const demoPrices: Readonly<Record<string, string>> = { 'BTC-USD': '60000', 'ETH-USD': '3000' };

/** Sizes count 10^-8 of the asset, prices 10^-6 USD. */
export function demoMarkets(tranche: bigint): GenesisMarket[] {
  return [
    {
      market: marketOfClass('A', {
        id: 1,
        ticker: 'BTC-USD',
        baseExponent: -8,
        priceExponent: -6,
        // 0.1 USD and 0.00001 BTC.
        tickSize: 100_000n,
        stepSize: 1_000n,
        oraclePairId: 1,
      }),
      tranche,
    },
    {
      market: marketOfClass('A', {
        id: 2,
        ticker: 'ETH-USD',
        baseExponent: -8,
        priceExponent: -6,
        // 0.01 USD and 0.0001 ETH.
        tickSize: 10_000n,
        stepSize: 10_000n,
        oraclePairId: 2,
      }),
      tranche,
    },
  ];
}

/** Alice, bob and carol decide, each with one vote, and soon enough to watch: a vote takes a minute, its effect ten seconds more. */
export function demoGovernance(state: AppState): void {
  const addresses = demoAccounts.slice(0, 3).map(({ mnemonic }) => keyFromMnemonic(mnemonic).address);
  const charter = state['charter'] as { params: { timelock: string; council: unknown[] } };
  charter.params = { timelock: '10s', council: addresses.map((address) => ({ address, weight: '1' })) };
  const { params } = state['gov'] as { params: { voting_period: string; expedited_voting_period: string } };
  params.voting_period = '60s';
  params.expedited_voting_period = '20s';
}
