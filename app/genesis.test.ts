import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { RequestInitChain } from 'cosmjs-types/tendermint/abci/types';
import { Market } from '../gen/plimsoll/perps/v1/types.js';
import { moduleAddress, toBech32 } from '../runtime/crypto/address.js';
import { silentLogger } from '../runtime/log.js';
import { openStore } from '../runtime/store/index.js';
import { StaticPriceSource } from '../x/oracle/sources/static.js';
import { marketOfClass } from '../x/perps/params.js';
import { createApp, type PlimsollApp } from './app.js';
import {
  addBalance,
  addDenomMetadata,
  addMarket,
  defaultAppState,
  setStaleness,
  validateAppState,
  type AppState,
} from './genesis.js';
import { mounts } from './mounts.js';

const alice = toBech32(new Uint8Array(20).fill(1));
const btc = marketOfClass('A', {
  id: 1,
  ticker: 'BTC-USD',
  baseExponent: -8,
  priceExponent: -2,
  tickSize: 100n,
  stepSize: 1_000n,
  oraclePairId: 3,
});

let app: PlimsollApp;
let state: AppState;
beforeEach(async () => {
  const store = await openStore({ mounts });
  app = createApp({ store, chainId: 'test-1', prices: new StaticPriceSource({}), logger: silentLogger });
  state = defaultAppState(app.modules);
});

const json = (market: Market): unknown =>
  app.registry.toJson('plimsoll.perps.v1.Market', Market.encode(market).finish());
const validate = (): void => validateAppState(app.modules, state);
/** The genesis as the chain takes it. */
const init = (given: AppState = state): Promise<unknown> =>
  app.app.initChain(
    RequestInitChain.fromPartial({
      chainId: 'test-1',
      time: { seconds: 1_700_000_000n, nanos: 0 },
      appStateBytes: Buffer.from(JSON.stringify(given), 'utf8'),
      validators: [{ pubKey: { ed25519: new Uint8Array(32).fill(1) }, power: 10n }],
      initialHeight: 1n,
    }),
  );
const section = <T>(name: string): T => state[name] as T;

describe('the default state', () => {
  test('has a section for each module, is valid and starts a chain', async () => {
    assert.deepEqual(Object.keys(state).sort(), [
      'auth',
      'backstop',
      'bank',
      'charter',
      'distribution',
      'genutil',
      'gov',
      'insurance',
      'oracle',
      'perps',
      'slashing',
      'solvency',
      'staking',
      'valset',
    ]);
    validate();
    await init();
  });

  test('is a fresh copy each time', () => {
    addBalance(state, alice, 'uusdc', 5n);
    assert.notDeepEqual(defaultAppState(app.modules), state);
  });
});

describe('validation', () => {
  test('names the section that is missing or too many', () => {
    const { perps, ...rest } = state;
    assert.throws(() => validateAppState(app.modules, rest), new Error('app_state.perps: missing'));
    const more = { ...rest, perps, options: {} };
    assert.throws(() => validateAppState(app.modules, more), new Error('app_state.options: no such module'));
  });

  test('names module and field of a bad value', () => {
    section<{ params: { stale_ms: string } }>('oracle').params.stale_ms = '1';
    assert.throws(validate, /^Error: app_state.oracle: stale_ms: 1; expected 1000 to 600000/);
  });

  test('refuses a field that no module knows', () => {
    section<Record<string, unknown>>('insurance')['tranche'] = [];
    assert.throws(validate, /^Error: app_state.insurance: .*tranche/);
  });
});

describe('adding', () => {
  test('a balance sums up by address and denomination, sorted', () => {
    addBalance(state, alice, 'uusdc', 5n);
    addBalance(state, alice, 'uplim', 7n);
    addBalance(state, alice, 'uusdc', 1n << 70n);
    assert.deepEqual(section<{ balances: unknown }>('bank').balances, [
      {
        address: alice,
        coins: [
          { denom: 'uplim', amount: '7' },
          { denom: 'uusdc', amount: ((1n << 70n) + 5n).toString() },
        ],
      },
    ]);
    validate();
  });

  test("a market adds its pair in the market's exponent, its tranche and the tranche's money", async () => {
    addMarket(state, btc, json(btc), 900n);
    validate();
    assert.deepEqual(section<{ pairs: unknown }>('oracle').pairs, [
      { id: 3, symbol: 'BTC-USD', exponent: -2, clamp_floor_ppm: 10_000 },
    ]);
    assert.deepEqual(section<{ balances: unknown }>('bank').balances, [
      { address: toBech32(moduleAddress('insurance')), coins: [{ denom: 'uusdc', amount: '900' }] },
    ]);
    await init();
  });

  test('a market without a tranche adds no money', async () => {
    addMarket(state, btc, json(btc), 0n);
    validate();
    assert.deepEqual(section<{ balances: unknown }>('bank').balances, []);
    await init();
  });

  test('a market twice is refused', () => {
    addMarket(state, btc, json(btc), 0n);
    addMarket(state, btc, json(btc), 0n);
    assert.throws(validate, /app_state\.(oracle|insurance|perps): .*twice/);
  });

  test('metadata gives both coins a name', async () => {
    addDenomMetadata(state);
    validate();
    await init();
  });

  test('staleness is one bound for oracle and markets', () => {
    setStaleness(state, 90_000n);
    validate();
    for (const name of ['oracle', 'perps']) {
      assert.equal(section<{ params: { stale_ms: string } }>(name).params.stale_ms, '90000');
    }
  });
});

describe('a chain does not start', () => {
  test('when a tranche has more than the insurance account holds', async () => {
    addMarket(state, btc, json(btc), 900n);
    section<{ tranches: { junior: string }[] }>('insurance').tranches[0]!.junior = '901';
    await assert.rejects(init(), /insurance.tranches: balances sum to 901uusdc, the module account holds 900uusdc/);
  });

  test('when a market and its price pair count in different units', async () => {
    addMarket(state, btc, json(btc), 0n);
    section<{ pairs: { exponent: number }[] }>('oracle').pairs[0]!.exponent = -3;
    await assert.rejects(init(), /price_exponent: -2; the oracle pair's exponent is -3/);
  });

  test('when subaccounts claim more cash than the perps account holds', async () => {
    section<{ subaccounts: unknown[] }>('perps').subaccounts.push({
      id: { owner: alice, number: 0 },
      cash: '5',
      underwater_height: '0',
    });
    await assert.rejects(init(), /perps: the books do not balance: ID-1: /);
  });

  test('without one of its sections', async () => {
    const { oracle, ...rest } = state;
    assert.ok(oracle);
    await assert.rejects(init(rest), /lacks the section oracle/);
  });

  test('for another chain id, or from something that is not JSON', async () => {
    const request = RequestInitChain.fromPartial({ chainId: 'other-1', appStateBytes: Buffer.from('{}') });
    await assert.rejects(app.app.initChain(request), /genesis is for chain other-1, this node is set up for test-1/);
    const text = RequestInitChain.fromPartial({ chainId: 'test-1', appStateBytes: Buffer.from('app: state') });
    await assert.rejects(app.app.initChain(text), /app_state of the genesis is not JSON/);
  });
});
