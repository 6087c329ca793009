import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MisbehaviorType } from 'cosmjs-types/tendermint/abci/types';
import type { AppState } from '../app/genesis.js';
import { signDirect } from '../cmd/plimsolld/tx/sign.js';
import type { TxMessage } from '../runtime/codec/tx.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { timestampOf } from '../runtime/engine/time.js';
import type { PriceSource } from '../x/oracle/price-source.js';
import { StaticPriceSource } from '../x/oracle/sources/static.js';
import { Lockstep } from './support/lockstep.js';
import {
  delegateMessage,
  keys,
  operatorOf,
  plim,
  stakedState,
  stakingChainId,
  undelegateMessage,
  message,
} from './support/staking.js';

const sources = Array.from({ length: 4 }, () => new StaticPriceSource({}));
const stakes = [40n, 30n, 20n, 10n];

async function open(
  prices: readonly PriceSource[] = sources,
  change: (state: AppState) => void = () => {},
): Promise<Lockstep> {
  const state = await stakedState(stakes, (changed) => {
    change(changed);
    const slashing = changed['slashing'] as { params: Record<string, unknown> };
    slashing.params['signed_blocks_window'] = '10';
    slashing.params['min_signed_per_window'] = '0.5';
  });
  const net = await Lockstep.open(stakingChainId, stakes, prices, () => state, undefined, true);
  await net.block();
  return net;
}

function sign(net: Lockstep, index: number, messages: readonly TxMessage[]): Uint8Array {
  const { app, keepers } = net.validators[0]!;
  const key = keys[index]!;
  const { number, sequence } = keepers.auth.account(app.queryContext(), fromBech32(key.address))!;
  const tx = { messages, fee: [], gasLimit: 1_000_000n };
  return signDirect(tx, key, { chainId: stakingChainId, accountNumber: number, sequence });
}

async function run(net: Lockstep, index: number, messages: readonly TxMessage[]): Promise<void> {
  const { results } = await net.block({ txs: [sign(net, index, messages)] });
  for (const { code, log } of results.txResults) assert.equal(code, 0, log);
}

const validator = (net: Lockstep, index: number) => {
  const { app, keepers } = net.validators[0]!;
  return keepers.staking.validator(app.queryContext(), fromBech32(keys[index]!.address))!;
};

test('four validators by stake agree on every block while powers change under them, and votes verify', async () => {
  const net = await open();
  await run(net, 3, [delegateMessage(keys[3]!, keys[3]!, 50n * plim)]);
  await run(net, 0, [undelegateMessage(keys[0]!, keys[0]!, 39n * plim + 1n)]);
  assert.deepEqual(net.powers, [40n, 30n, 20n, 60n]);
  await net.blocks(3);
  // Of 999,999 units nobody has a vote.
  assert.deepEqual(net.powers, [0n, 30n, 20n, 60n]);
  await net.blocks(3);
});

test('who is down is jailed, leaves the set, and comes back when it asks', async () => {
  const net = await open();
  await net.blocks(14, { absent: [3] });
  assert.equal(validator(net, 3).jailed, true);
  await net.blocks(2);
  assert.deepEqual(net.powers, [40n, 30n, 20n, 0n]);
  await net.block({ afterMs: 600_000n });
  await run(net, 3, [message('cosmos.slashing.v1beta1.MsgUnjail', { validator_addr: operatorOf(keys[3]!) })]);
  await net.blocks(2);
  assert.deepEqual(net.powers, [40n, 30n, 20n, 9n]);
  await net.blocks(2);
});

test('who signs two blocks of one height pays 5 % and never comes back', async () => {
  const net = await open();
  await net.blocks(3);
  const { key } = net.validators[2]!;
  const time = timestampOf(net.timeMs);
  await net.block({
    misbehavior: [
      {
        type: MisbehaviorType.DUPLICATE_VOTE,
        validator: { address: key.address, power: 20n },
        height: net.height - 1n,
        time,
        totalVotingPower: 100n,
      },
    ],
  });
  assert.equal(validator(net, 2).tokens, 19n * plim);
  await net.blocks(2);
  assert.deepEqual(net.powers, [40n, 30n, 0n, 10n]);
  const { results } = await net.block({
    txs: [sign(net, 2, [message('cosmos.slashing.v1beta1.MsgUnjail', { validator_addr: operatorOf(keys[2]!) })])],
    afterMs: 700_000n,
  });
  assert.match(results.txResults.at(-1)!.log, /signed two blocks of one height/);
});

test('who reports prices too high for a whole window is slashed and jailed and earns less; who reports none is jailed', async () => {
  const price = (text: string): PriceSource => new StaticPriceSource({ 'BTC-USD': text });
  const reports = [price('60000'), price('60001'), new StaticPriceSource({}), price('90000')];
  const net = await open(reports, (state) => {
    const oracle = state['oracle'] as { pairs: unknown[]; params: Record<string, unknown> };
    oracle.pairs = [{ id: 1, symbol: 'BTC-USD', exponent: -6, clamp_floor_ppm: 10_000 }];
    oracle.params['score_window'] = 110;
  });
  // The first votes arrive in block 3.
  await net.blocks(110);
  assert.equal(validator(net, 3).tokens, 10n * plim);
  const { results } = await net.block();
  assert.deepEqual(results.events.filter(({ type }) => type === 'plimsoll.oracle.v1.EventReporterJudged').length, 2);
  // 0.1 % of the stake.
  assert.equal(validator(net, 3).tokens, 9_990_000n);
  assert.deepEqual(
    [0, 1, 2, 3].map((index) => validator(net, index).jailed),
    [false, false, true, true],
  );
  const { app, keepers } = net.validators[0]!;
  const earns = net.validators.map(({ key }) => keepers.oracle.earnsReward(app.queryContext(), key.address));
  assert.deepEqual(earns, [true, true, false, false]);
  await net.blocks(3);
  assert.deepEqual(net.powers, [40n, 30n, 0n, 0n]);
  assert.equal(keepers.oracle.price(app.queryContext(), 1)!.price, 60_000_000_000n);
});
