import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { Mode } from '../../gen/plimsoll/valset/v1/valset.js';
import type { BlockInfo } from '../../runtime/baseapp/context.js';
import { BondStatus } from '../../gen/cosmos/staking/v1beta1/staking.js';
import { undelegate, sharesForAmount } from '../staking/delegate.js';
import { account, consensusKey, consensusOf, StakingBench } from '../staking/testing/bench.js';
import { operatorText } from '../staking/types.js';
import { forEverMs } from './keeper.js';
import { defaultParams, rulesOf } from './params.js';
import { unjail } from './unjail.js';

const plim = 1_000_000n;
const dec = (text: string): Uint8Array => Buffer.from(text, 'ascii');

let bench: StakingBench;
beforeEach(async () => {
  bench = await StakingBench.open();
  // A window of ten blocks, of which five must be signed; 1 % for less.
  bench.slashing.setParams(bench.context(), {
    ...defaultParams,
    signedBlocksWindow: 10n,
    minSignedPerWindow: dec('500000000000000000'),
    slashFractionDowntime: dec('10000000000000000'),
  });
  bench.create(0, 100n * plim);
  bench.create(1, 50n * plim);
  await bench.next();
});

const info = (index: number) => bench.slashing.info(bench.context(), consensusOf(index))!;
const blocks = async (count: number, absent: readonly number[] = []): Promise<void> => {
  for (let i = 0; i < count; i++) await bench.next({ absent });
};
const doubleSign = (index: number, height: bigint, power: bigint): Partial<BlockInfo> => ({
  misbehavior: [{ kind: 'duplicate-vote', address: consensusOf(index), power, height, timeMs: 0n, totalPower: 150n }],
});

describe('who does not sign', () => {
  test('is counted over a sliding window', async () => {
    await blocks(3, [1]);
    assert.equal(info(1).missed, 3n);
    await blocks(9);
    // Two of the three missed blocks have left the window of ten.
    assert.equal(info(1).missed, 1n);
    await blocks(1);
    assert.equal(info(1).missed, 0n);
  });

  test('more than half of a window is slashed 1 %, jailed ten minutes, and begins with an empty window', async () => {
    await blocks(10, [1]);
    const validator = bench.validator(1)!;
    assert.equal(validator.jailed, true);
    assert.equal(validator.tokens, 49_500_000n);
    assert.deepEqual([info(1).missed, info(1).indexOffset], [0n, 0n]);
    assert.equal(info(1).jailedUntilMs, bench.context().block.timeMs + 600_000n);
    assert.deepEqual([...bench.slashing.missedOf(bench.context(), consensusOf(1))], []);
  });

  test('exactly half of a window is not', async () => {
    for (let i = 0; i < 15; i++) {
      await blocks(1, [1]);
      await blocks(1);
    }
    assert.equal(info(1).missed, 5n);
    assert.equal(bench.validator(1)!.jailed, false);
  });

  test('comes back when the time is over and not before', async () => {
    await blocks(10, [1]);
    const back = (): unknown => unjail(bench.context(), bench.slashing, { validatorAddr: operatorText(account(1)) });
    await bench.next();
    assert.throws(back, /jailed until 2023-11-14T22:23:31Z: validator still jailed/);
    await bench.next({ afterMs: 600_000n });
    back();
    assert.throws(back, /validator not jailed/);
    await bench.next();
    assert.equal(bench.validator(1)!.status, BondStatus.BOND_STATUS_BONDED);
    assert.equal(info(1).startHeight, bench.context().block.height - 1n);
  });

  test('under a new length of the window begins with an empty one', async () => {
    await blocks(3, [1]);
    bench.slashing.setParams(bench.context(), { ...bench.slashing.params(bench.context()), signedBlocksWindow: 20n });
    await blocks(1);
    assert.deepEqual([info(1).missed, info(1).indexOffset], [0n, 1n]);
  });
});

describe('who signs two blocks of one height', () => {
  test('loses 5 % of the stake of that height and is out for ever', async () => {
    const { height } = bench.context().block;
    await bench.next();
    await bench.next({ changes: doubleSign(1, height, 50n) });
    assert.equal(bench.validator(1)!.tokens, 47_500_000n);
    assert.deepEqual([info(1).tombstoned, info(1).jailedUntilMs], [true, forEverMs]);
    assert.throws(
      () => unjail(bench.context(), bench.slashing, { validatorAddr: operatorText(account(1)) }),
      /signed two blocks of one height/,
    );
  });

  test('pays once, however much evidence comes', async () => {
    const { height } = bench.context().block;
    const [one] = doubleSign(1, height, 50n).misbehavior!;
    await bench.next();
    await bench.next({ changes: { misbehavior: [one!, { ...one!, height: height + 1n }] } });
    await bench.next({ changes: { misbehavior: [one!] } });
    assert.equal(bench.validator(1)!.tokens, 47_500_000n);
  });

  test('does not save the stake that is already leaving', async () => {
    const { height } = bench.context().block;
    await bench.next();
    const ctx = bench.context();
    const operator = account(1);
    undelegate(
      ctx,
      bench.keeper,
      operator,
      operator,
      sharesForAmount(ctx, bench.keeper, operator, operator, 40n * plim),
    );
    await bench.next();
    await bench.next({ changes: doubleSign(1, height, 50n) });
    assert.equal(bench.keeper.unbonding(bench.context(), operator, operator)!.entries[0]!.balance, 38n * plim);
    assert.equal(bench.validator(1)!.tokens, 9_500_000n);
  });
});

describe('other modules', () => {
  test('slash in millionths of the stake that votes, and name the reason', async () => {
    await bench.next();
    const ctx = bench.context();
    assert.equal(bench.slashing.slash(ctx, consensusOf(0), 1_000n, 'oracle'), 100_000n);
    assert.equal(bench.validator(0)!.tokens, 99_900_000n);
    const [event] = ctx.events.list().filter(({ type }) => type === 'slash');
    assert.ok(event!.attributes.some(([key, value]) => key === 'reason' && value === 'oracle'));
  });

  test('jail until a time, and never shorten it', async () => {
    await bench.next();
    const ctx = bench.context();
    bench.slashing.jail(ctx, consensusOf(0), ctx.block.timeMs + 5_000n);
    bench.slashing.jail(ctx, consensusOf(0), ctx.block.timeMs + 1_000n);
    assert.equal(info(0).jailedUntilMs, ctx.block.timeMs + 5_000n);
    assert.equal(bench.validator(0)!.jailed, true);
  });

  test('under authority take a validator out of the set; there is no stake to burn', async () => {
    const ctx = bench.context();
    bench.valset.setParams(ctx, { mode: Mode.MODE_AUTHORITY });
    bench.valset.schedule(ctx, consensusKey(7), 30n);
    await bench.next();
    const now = bench.context();
    const supply = bench.bank.supply(now, 'uplim');
    assert.equal(bench.slashing.slash(now, consensusOf(7), 500_000n, 'oracle'), 0n);
    assert.equal(bench.bank.supply(now, 'uplim'), supply);
    bench.slashing.jail(now, consensusOf(7), 0n);
    assert.deepEqual(
      (await bench.next()).map(({ power }) => power),
      [0n],
    );
  });
});

describe('parameters', () => {
  const table: readonly (readonly [change: object, text: RegExp])[] = [
    [{ signedBlocksWindow: 0n }, /signed_blocks_window: 0; expected 1 to 1000000/],
    [{ minSignedPerWindow: dec('1000000000000000001') }, /min_signed_per_window: 1000000000000000001; expected 0/],
    [{ slashFractionDowntime: dec('0.5') }, /slash_fraction_downtime: "0.5" is not an integer multiple/],
    [{ downtimeJailDuration: { seconds: 0n, nanos: 0 } }, /downtime_jail_duration: 0 ms; expected a positive time/],
  ];
  for (const [change, text] of table) {
    test(`refused: ${text.source.slice(0, 40)}`, () => {
      assert.throws(() => rulesOf({ ...defaultParams, ...change }), text);
    });
  }

  test('by default 9,500 of 10,000 blocks may be missed', () => {
    assert.equal(rulesOf(defaultParams).maxMissed, 9_500n);
  });
});

test('a window exports and imports bit by bit', async () => {
  for (let i = 0; i < 7; i++) await blocks(1, i % 3 === 0 ? [1] : []);
  const exported = bench.modules.slashing.exportGenesis(bench.context());
  const copy = await StakingBench.open();
  copy.modules.slashing.initGenesis(copy.context(), exported);
  assert.deepEqual(copy.modules.slashing.exportGenesis(copy.context()), exported);
  assert.deepEqual([...copy.slashing.missedOf(copy.context(), consensusOf(1))], [1, 4, 7]);
});
