import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MarketMode, Trigger, type MarketBreakers } from '../../../../gen/plimsoll/perps/v1/breakers.js';
import { ppb, type SolvencyClass } from '../../types.js';
import { modeFromProto, permits, type Mode } from './modes.js';
import { defaultBreakerParams as params } from '../params.js';
import { MarketStanding } from '../standing.js';
import type { Facts, Kept, Loss } from './facts.js';
import { afterAuction, stepLosses } from './outcomes.js';
import { stepMarket } from './step.js';
import { calm, emptyMeasures } from '../store.js';

const runs = { numRuns: Number(process.env['PLIMSOLL_FC_RUNS'] ?? 200) };
const million = 1_000_000n;
const none: Loss = { paid: 0n, before: 100n * million };
const start = 1_000_000n;

/** A quiet class A market at 60,000 with a beta of 0.625 %. */
const quiet: Facts = {
  nowMs: start,
  height: 1n,
  class: 'A',
  status: 'normal',
  oraclePrice: 60_000_000_000n,
  oracleTimeMs: start,
  accepted: true,
  sigma: () => ppb(1_000_000n),
  beta: ppb(6_250_000n),
  bookPrice: undefined,
  dispersionPpm: 0n,
  openInterest: 0n,
  openInterestCap: 1_000n * million,
  depth: undefined,
  depthUnit: 1_000n * million,
  losses: { hour: none, day: none, class: none, global: none },
  pinnedWindows: 0,
  kappaPpm: 6_000_000,
  kappaMaxPpm: 12_000_000,
  outageMs: 0n,
  average: 60_000_000_000n,
  draw: 0n,
  staleMs: 30_000n,
};

/** A market through blocks of a second each. */
class Machine {
  kept: Kept = { state: calm(1), measures: emptyMeasures(1) };
  nowMs = start;
  height = 1n;
  priceMs = start;

  /** One block; `afterMs` since the one before. Clears a call auction whose last block it is as `inside` says. */
  block(facts: Partial<Facts> = {}, { afterMs = 1_000n, inside = true } = {}): this {
    this.nowMs += afterMs;
    this.height += 1n;
    if (facts.accepted !== false) this.priceMs = this.nowMs;
    this.kept = stepMarket(
      this.kept,
      { ...quiet, nowMs: this.nowMs, height: this.height, oracleTimeMs: this.priceMs, ...facts },
      params,
    );
    const { state } = this.kept;
    if (state.auction?.clearingHeight === this.height)
      this.kept = {
        ...this.kept,
        state: afterAuction(state, inside, this.nowMs, facts.status ?? 'normal', params).state,
      };
    return this;
  }

  blocks(count: number, facts: Partial<Facts> = {}, how = {}): this {
    for (let made = 0; made < count; made++) this.block(facts, how);
    return this;
  }

  lose(liquidated: bigint, haircut: bigint, openInterest = 1_000n * million): this {
    const losses = { nowMs: this.nowMs, status: 'normal', liquidated, haircut, openInterest } as const;
    this.kept = stepLosses(this.kept, losses, params);
    return this;
  }

  get state(): MarketBreakers {
    return this.kept.state;
  }

  get mode(): Mode {
    return modeFromProto(this.state.mode);
  }

  has(trigger: Trigger): boolean {
    return this.state.active.some((each) => each.trigger === trigger);
  }
}

const started = (facts: Partial<Facts> = {}): Machine => new Machine().blocks(70, facts);
const at = (share: bigint): bigint => (quiet.oraclePrice * share) / million;

describe('B1: the price against a minute ago', () => {
  const floors: readonly (readonly [SolvencyClass, bigint])[] = [
    ['A', 30_000n],
    ['B', 50_000n],
    ['C', 80_000n],
    ['D', 120_000n],
  ];
  for (const [name, floor] of floors) {
    test(`class ${name}: nothing below ${floor} ppm either way, an auction at it`, () => {
      for (const sign of [1n, -1n]) {
        const below = started({ class: name }).block({ class: name, oraclePrice: at(million + sign * (floor - 1n)) });
        assert.equal(below.mode, 'normal');
        const reached = started({ class: name }).block({ class: name, oraclePrice: at(million + sign * floor) });
        assert.equal(reached.mode, 'auction');
        assert.equal(reached.has(Trigger.TRIGGER_VELOCITY), true);
      }
    });
  }

  test('eight sigma of a minute when that is more: 4 % at a sigma of 0.5 %', () => {
    const sigma = () => ppb(5_000_000n);
    assert.equal(started().block({ sigma, oraclePrice: at(960_001n) }).mode, 'normal');
    assert.equal(started().block({ sigma, oraclePrice: at(960_000n) }).mode, 'auction');
  });

  test('60 s of auction, then normal when the price stands; half as long again while it does not', () => {
    const fallen = started().block({ oraclePrice: at(900_000n) });
    assert.equal(fallen.state.auction!.lengthMs, 60_000n);
    assert.equal(fallen.blocks(59, { oraclePrice: at(900_000n) }).mode, 'auction');
    assert.equal(fallen.blocks(1, { oraclePrice: at(900_000n) }).mode, 'normal');
    // Falls on, 4 % a minute: 60, 90, 135, 202.5 and 295 s, then the market only reduces.
    const falling = started();
    let price = at(900_000n);
    const lengths = new Set<bigint>();
    let auctionMs = 0n;
    for (falling.block({ oraclePrice: price }); falling.mode === 'auction'; auctionMs += 1_000n) {
      lengths.add(falling.state.auction!.lengthMs);
      price = (price * 9_990n) / 10_000n;
      falling.block({ oraclePrice: price });
    }
    assert.deepEqual([...lengths], [60_000n, 90_000n, 135_000n, 202_500n, 295_000n]);
    assert.ok(auctionMs <= 300_000n);
    assert.equal(falling.mode, 'reduce-only');
    assert.equal(falling.has(Trigger.TRIGGER_UNCLEARED), true);
    assert.equal(falling.blocks(299, { oraclePrice: price }).mode, 'reduce-only');
    assert.equal(falling.block({ oraclePrice: price }).mode, 'normal');
  });
});

describe('B2: the book against the oracle price', () => {
  const off = { bookPrice: at(million + 6_250n) };
  test('reduce-only after 30 s at beta, not a step below', () => {
    assert.equal(started().blocks(60, { bookPrice: at(million + 6_249n) }).mode, 'normal');
    assert.equal(started().blocks(30, off).mode, 'normal');
    assert.equal(started().blocks(31, off).mode, 'reduce-only');
  });
  test('ends 300 s after the book came back, and anew when it left again', () => {
    const machine = started().blocks(31, off).blocks(299).block(off).blocks(300);
    assert.equal(machine.mode, 'reduce-only');
    assert.equal(machine.block().mode, 'normal');
  });
});

describe('B3a: the age of the price', () => {
  const silent = { accepted: false };
  test('5 s raise the margin of what opens, 30 s close openings, 120 s halt', () => {
    const machine = started().blocks(4, silent);
    assert.equal(machine.state.openingAddOnPpb, 0n);
    assert.equal(machine.block(silent).state.openingAddOnPpb, 288_676n, '0.1 % * sqrt(5 / 60)');
    assert.equal(machine.blocks(25, silent).mode, 'normal');
    assert.equal(machine.block(silent).mode, 'reduce-only');
    assert.equal(machine.blocks(89, silent).mode, 'reduce-only');
    assert.equal(machine.block(silent).mode, 'halted');
  });
  test('ends with twenty accepted prices in a row, an auction, and half a minute in which nobody is liquidated', () => {
    const machine = started().blocks(121, silent).blocks(19);
    assert.equal(machine.mode, 'halted');
    machine.block(silent).blocks(19);
    assert.equal(machine.mode, 'halted', 'one missing price starts the count anew');
    machine.block();
    assert.equal(machine.mode, 'auction');
    assert.equal(machine.has(Trigger.TRIGGER_REOPEN), true);
    assert.equal(machine.state.graceUntilMs, machine.nowMs + 30_000n);
    assert.equal(machine.blocks(60).mode, 'normal');
  });
});

describe('B3b: reports that lie apart', () => {
  // beta / 2 is 3,125 ppm, beta / 4 is 1,562.5.
  test('ten blocks above beta / 2', () => {
    assert.equal(started().blocks(50, { dispersionPpm: 3_125n }).mode, 'normal');
    assert.equal(started().blocks(9, { dispersionPpm: 3_126n }).mode, 'normal');
    assert.equal(started().blocks(10, { dispersionPpm: 3_126n }).mode, 'reduce-only');
  });
  test('ends after 60 s below beta / 4', () => {
    const machine = started().blocks(10, { dispersionPpm: 3_126n }).blocks(100, { dispersionPpm: 1_563n });
    assert.equal(machine.mode, 'reduce-only');
    assert.equal(machine.blocks(60, { dispersionPpm: 1_562n }).mode, 'reduce-only');
    assert.equal(machine.block({ dispersionPpm: 1_562n }).mode, 'normal');
  });
});

describe('B4: open interest at its cap', () => {
  test('changes no mode; ends below 97 % of the cap', () => {
    const below = started().block({ openInterest: 1_000n * million - 1n });
    assert.equal(below.has(Trigger.TRIGGER_OPEN_INTEREST), false);
    const machine = started().block({ openInterest: 1_000n * million });
    assert.equal(machine.has(Trigger.TRIGGER_OPEN_INTEREST), true);
    assert.equal(machine.mode, 'normal');
    assert.equal(machine.block({ openInterest: 970n * million }).has(Trigger.TRIGGER_OPEN_INTEREST), true);
    assert.equal(machine.block({ openInterest: 970n * million - 1n }).has(Trigger.TRIGGER_OPEN_INTEREST), false);
  });
});

describe('B5: tranches that paid', () => {
  const lost = (paid: bigint): Loss => ({ paid, before: 100n * million });
  const losses = (changes: Partial<Facts['losses']>): Partial<Facts> => ({ losses: { ...quiet.losses, ...changes } });
  const cases: readonly (readonly [
    what: string,
    of: (paid: bigint) => Partial<Facts>,
    limit: bigint,
    mode: Mode,
    factor: number,
  ])[] = [
    [
      '30 % of the market in an hour',
      (paid) => losses({ hour: lost(paid), day: lost(paid) }),
      30n * million,
      'reduce-only',
      0,
    ],
    ['50 % of the market in a day', (paid) => losses({ day: lost(paid) }), 50n * million, 'reduce-only', 0],
    ['20 % of class A in a day', (paid) => losses({ class: lost(paid) }), 20n * million, 'normal', 1_500_000],
    [
      '20 % of class C in a day',
      (paid) => ({ ...losses({ class: lost(paid) }), class: 'C' }),
      20n * million,
      'reduce-only',
      1_500_000,
    ],
    ['10 % of the global one in a day', (paid) => losses({ global: lost(paid) }), 10n * million, 'normal', 1_250_000],
  ];
  for (const [what, of, limit, mode, factor] of cases) {
    test(`${what}: ${mode}, initial margin times ${factor / 1e6 || 1}`, () => {
      assert.deepEqual(started().block(of(limit - 1n)).state.active, []);
      const machine = started().block(of(limit));
      assert.equal(machine.mode, mode);
      assert.deepEqual(
        machine.state.active.map(({ marginFactorPpm }) => marginFactorPpm),
        [factor],
      );
    });
  }
  test('ends when the tranche has what it had, or after a day', () => {
    const drained = losses({ day: lost(50n * million) });
    const machine = started().block(drained);
    machine.block(losses({ day: { paid: 50n * million, before: 150n * million - 1n } }));
    assert.equal(machine.mode, 'reduce-only');
    machine.block(losses({ day: { paid: 50n * million, before: 150n * million } }));
    assert.equal(machine.mode, 'normal');
    const poorer = losses({ day: { paid: 0n, before: 50n * million } });
    const waiting = started().block(drained).block(poorer, { afterMs: 86_399_000n });
    assert.equal(waiting.has(Trigger.TRIGGER_FUND), true);
    assert.equal(waiting.block(poorer).has(Trigger.TRIGGER_FUND), false);
  });
});

describe('B6: a cascade of liquidations', () => {
  test('5 % of open interest in five minutes: an auction of 30 s, smaller slices for ten minutes', () => {
    assert.equal(started().lose(50n * million - 1n, 0n).mode, 'normal');
    const machine = started()
      .lose(25n * million, 0n)
      .blocks(200)
      .lose(25n * million, 0n);
    assert.equal(machine.mode, 'auction');
    assert.equal(machine.block().state.auction!.lengthMs, 30_000n);
    assert.equal(machine.state.smallSlicesUntilMs, machine.nowMs - 1_000n + 600_000n);
    assert.equal(machine.blocks(30).mode, 'normal');
    assert.equal(machine.lose(1n, 0n).mode, 'normal', 'what stopped it once does not stop it again');
    assert.equal(machine.blocks(570).state.smallSlicesUntilMs, 0n);
  });
});

describe('B7: a book that thins out', () => {
  const depth = (share: bigint): Partial<Facts> => ({ depth: share * 1_000n });
  test('a book that was never deep is no sign; one that was, below 10 % for 30 s, is', () => {
    assert.equal(started().blocks(60, depth(0n)).mode, 'normal');
    const was = (): Machine => started().block(depth(250_001n));
    assert.equal(was().blocks(60, depth(100_000n)).mode, 'normal');
    assert.equal(was().blocks(30, depth(99_999n)).mode, 'normal');
    assert.equal(was().blocks(31, depth(99_999n)).mode, 'reduce-only');
  });
  test('makers may quote meanwhile; ends above 25 % for 60 s, or after ten minutes for good', () => {
    const thin = (): Machine => started().block(depth(250_001n)).blocks(31, depth(0n));
    assert.equal(new MarketStanding('normal', thin().state).permits('quote'), 'yes');
    assert.equal(thin().blocks(60, depth(250_000n)).mode, 'reduce-only');
    assert.equal(thin().blocks(61, depth(250_001n)).mode, 'normal');
    const never = thin().blocks(599, depth(0n));
    assert.equal(never.mode, 'reduce-only');
    assert.equal(never.block(depth(0n)).mode, 'normal');
    assert.equal(never.blocks(60, depth(0n)).mode, 'normal', 'until it was deep again');
  });
});

describe('B8: gainers paid', () => {
  test('ten minutes of reduce-only, then an auction', () => {
    const machine = started().lose(0n, 1n);
    assert.equal(machine.mode, 'reduce-only');
    assert.equal(machine.blocks(599).mode, 'reduce-only');
    assert.equal(machine.block().mode, 'auction');
    assert.equal(machine.blocks(60).mode, 'normal');
  });
});

describe('B10: an outage', () => {
  test('an auction of 60 s and half a minute of grace', () => {
    const machine = started().block({ outageMs: 300_000n });
    assert.equal(machine.mode, 'auction');
    assert.equal(machine.state.auction!.lengthMs, 60_000n);
    const standing = new MarketStanding('normal', machine.state);
    assert.equal(standing.liquidates(machine.height, machine.nowMs), false);
    assert.equal(machine.blocks(60).mode, 'normal');
  });
});

describe('B11: a forecast that fails', () => {
  test('twenty windows at the largest kappa: a quarter more margin, until it is below 90 % of it', () => {
    const pinned = (pinnedWindows: number, kappaPpm = 12_000_000): Partial<Facts> => ({ pinnedWindows, kappaPpm });
    assert.deepEqual(started().block(pinned(19)).state.active, []);
    const machine = started().block(pinned(20));
    assert.equal(machine.mode, 'normal');
    assert.equal(machine.state.active[0]!.marginFactorPpm, 1_250_000);
    assert.equal(machine.block(pinned(0, 10_800_000)).has(Trigger.TRIGGER_COVERAGE), true);
    assert.equal(machine.block(pinned(0, 10_799_999)).has(Trigger.TRIGGER_COVERAGE), false);
  });
});

describe('governance', () => {
  test('what it halted re-opens by auction; what it only reduced, at once', () => {
    assert.equal(started().block({ status: 'halted' }).blocks(5, { status: 'halted' }).mode, 'halted');
    assert.equal(started().block({ status: 'halted' }).block().mode, 'auction');
    assert.equal(started().block({ status: 'reduce-only' }).block().mode, 'normal');
  });
});

describe('a call auction without a price', () => {
  test('is extended four times by 30 s, then the market only reduces for five minutes', () => {
    const machine = started().block({ outageMs: 300_000n });
    let seconds = 0;
    for (; machine.mode === 'auction'; seconds++) machine.block({}, { inside: false });
    assert.equal(seconds, 180);
    assert.equal(machine.mode, 'reduce-only');
    assert.equal(permits([{ trigger: Trigger.TRIGGER_UNCLEARED, mode: machine.mode }], 'open'), 'no');
    assert.equal(machine.blocks(300).mode, 'normal');
  });
});

/** Anything that may happen in a block. */
const weather = fc.record({
  afterMs: fc.oneof(fc.bigInt(1n, 5_000n), fc.bigInt(1n, 400_000n)),
  accepted: fc.boolean(),
  priceShare: fc.bigInt(700_000n, 1_300_000n),
  bookShare: fc.option(fc.bigInt(980_000n, 1_020_000n), { nil: undefined }),
  dispersionPpm: fc.bigInt(0n, 10_000n),
  interest: fc.bigInt(0n, 1_100n),
  depth: fc.option(fc.bigInt(0n, 400_000n), { nil: undefined }),
  paid: fc.bigInt(0n, 60n),
  liquidated: fc.oneof(fc.constant(0n), fc.bigInt(0n, 100n)),
  haircut: fc.oneof(fc.constant(0n), fc.constant(1n)),
  pinnedWindows: fc.integer({ min: 0, max: 25 }),
  outage: fc.boolean(),
  status: fc.constantFrom<Mode>('normal', 'normal', 'reduce-only', 'halted'),
  draw: fc.bigInt(0n, 10_000n),
  inside: fc.boolean(),
});

describe('the graph of states', () => {
  test('INV-X3 whatever happened, valid prices lead back to normal within two days; INV-X4 no auction lasts longer than 300 s', () => {
    fc.assert(
      fc.property(fc.array(weather, { maxLength: 60 }), (blocks) => {
        const machine = new Machine();
        let auctionSince: bigint | undefined;
        const watch = (): void => {
          if (machine.mode !== 'auction') auctionSince = undefined;
          else if (auctionSince !== machine.state.auction?.startMs) auctionSince = machine.state.auction?.startMs;
          // A block later than that is the last one: time does not stop between blocks.
          if (auctionSince !== undefined) assert.ok(machine.nowMs - auctionSince < 300_000n);
          assert.notEqual(machine.state.mode, MarketMode.MARKET_MODE_UNSPECIFIED);
        };
        for (const each of blocks) {
          const tranche = { paid: each.paid * million, before: 100n * million };
          machine.block(
            {
              accepted: each.accepted,
              oraclePrice: at(each.priceShare),
              bookPrice: each.bookShare === undefined ? undefined : at(each.bookShare),
              dispersionPpm: each.dispersionPpm,
              openInterest: each.interest * million,
              depth: each.depth === undefined ? undefined : each.depth * 1_000n,
              losses: { hour: tranche, day: tranche, class: tranche, global: tranche },
              pinnedWindows: each.pinnedWindows,
              outageMs: each.outage ? each.afterMs : 0n,
              status: each.status,
              draw: each.draw,
            },
            each,
          );
          watch();
          machine.lose(each.liquidated * million, each.haircut);
        }
        for (let left = 2_000; machine.mode !== 'normal'; left--) {
          assert.ok(left > 0, `stuck in ${machine.mode}`);
          machine.block({}, { afterMs: left > 1_000 ? 1_000n : 200_000n });
          watch();
        }
      }),
      runs,
    );
  });

  test('INV-X2 in no weather anything is liquidated while the market is halted', () => {
    for (const status of ['normal', 'halted'] as const) {
      const machine = started().blocks(status === 'normal' ? 121 : 1, { accepted: status === 'halted', status });
      assert.equal(machine.mode, 'halted');
      const standing = new MarketStanding(status, machine.state);
      assert.equal(standing.liquidates(machine.height, machine.nowMs), false);
      assert.equal(standing.takesOver(false, machine.nowMs), false);
      assert.equal(standing.takesOver(true, machine.nowMs), false);
      assert.equal(standing.permits('resolve'), 'bankrupt');
      assert.equal(standing.permits('cash-in'), 'yes');
    }
  });
});
