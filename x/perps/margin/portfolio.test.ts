import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isqrtUp } from '../../../runtime/math/integers.js';
import { ppm, type Loading } from '../types.js';
import { loadingOf, maxExplained, unexplained } from './loading.js';
import { Portfolio, type Exposure } from './portfolio.js';

const numRuns = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 300);
const million = 1_000_000n;
const size = (x: bigint): bigint => (x < 0n ? -x : x);
const most = (...values: readonly bigint[]): bigint => values.reduce((a, b) => (a > b ? a : b));

function portfolio(exposures: readonly Exposure[], offsets = true): Portfolio {
  const sums = new Portfolio(offsets);
  for (const exposure of exposures) sums.add(exposure);
  return sums;
}
const marginOf = (exposures: readonly Exposure[]): bigint => portfolio(exposures).margin();

/** Loadings on two factors in steps of 0.05, as statistics give them, in three clusters. */
const loading: fc.Arbitrary<Loading> = fc
  .record({
    cluster: fc.integer({ min: 0, max: 2 }),
    first: fc.integer({ min: -19, max: 19 }),
    second: fc.integer({ min: -19, max: 19 }),
  })
  .filter(({ first, second }) => 2_500_000_000n * BigInt(first * first + second * second) <= maxExplained)
  .map(({ cluster, first, second }) =>
    loadingOf(cluster, [ppm(BigInt(first) * 50_000n), ppm(BigInt(second) * 50_000n)]),
  );
const signed = fc.oneof(
  fc.bigInt({ min: -20n, max: 20n }),
  fc.bigInt({ min: -1_000_000n, max: 1_000_000n }),
  fc.bigInt({ min: -(1n << 70n), max: 1n << 70n }),
);
const exposure: fc.Arbitrary<Exposure> = fc.record({ signed, loading });
/** A loss that stress vectors bring, as shocks of up to 60 % of forty times the margin do. */
const stressed: fc.Arbitrary<Exposure> = fc
  .record({ signed, loading, shocks: fc.array(fc.bigInt({ min: -24n, max: 24n }), { maxLength: 3 }) })
  .map(({ signed: each, loading: its, shocks }) => ({
    signed: each,
    loading: its,
    losses: shocks.map((shock) => each * shock * million),
  }));
const several = fc.array(exposure, { maxLength: 6 });
const severalStressed = fc.array(fc.oneof(exposure, stressed), { maxLength: 6 });

/** Sums of section 5, written out again from the exposures. */
function sums(exposures: readonly Exposure[]) {
  let squares = 0n;
  for (const j of [0, 1]) squares += exposures.reduce((sum, e) => sum + e.signed * (e.loading.rho[j] ?? 0n), 0n) ** 2n;
  squares += exposures.reduce((sum, e) => sum + size(e.signed) * e.loading.idiosyncratic, 0n) ** 2n;
  let net = 0n;
  for (const cluster of new Set(exposures.map((e) => e.loading.cluster)))
    net += size(exposures.filter((e) => e.loading.cluster === cluster).reduce((sum, e) => sum + e.signed, 0n));
  const gross = exposures.reduce((sum, e) => sum + size(e.signed), 0n);
  const stress = most(0n, ...[0, 1, 2].map((k) => exposures.reduce((sum, e) => sum + (e.losses?.[k] ?? 0n), 0n)));
  return { squares, net, gross, stress };
}

describe('cases by hand', () => {
  const half = loadingOf(0, [ppm(950_000n)]);
  test('two perfectly hedged equal margins with rho 0.95: what is not explained is needed twice', () => {
    // q = 0.312249…: 2 * 1,000,000 * 0.312249. The floor of 0.6 a would bind only from rho = 0.9539 on.
    assert.equal(
      marginOf([
        { signed: 1_000_000n, loading: half },
        { signed: -1_000_000n, loading: half },
      ]),
      624_498n,
    );
  });
  test('the floor binds when loadings explain more than they may', () => {
    const full: Loading = { cluster: 0, rho: [ppm(million)], idiosyncratic: ppm(0n) };
    const hedged = [
      { signed: 1_000_000n, loading: full },
      { signed: -1_000_000n, loading: full },
    ];
    assert.equal(marginOf(hedged), 600_000n);
    assert.equal(portfolio(hedged).binding(), 'floor');
  });
  test('no offset between clusters, between modes that grant none, nor where nothing is explained', () => {
    const other = loadingOf(1, [ppm(950_000n)]);
    assert.equal(
      marginOf([
        { signed: 5n, loading: half },
        { signed: -5n, loading: other },
      ]),
      10n,
    );
    assert.equal(
      portfolio(
        [
          { signed: 5n, loading: half },
          { signed: -5n, loading: half },
        ],
        false,
      ).margin(),
      10n,
    );
    assert.equal(
      marginOf([
        { signed: 5n, loading: unexplained(1) },
        { signed: -5n, loading: unexplained(2) },
      ]),
      10n,
    );
    assert.equal(marginOf([]), 0n);
  });
  test('a stress vector counts when it is worse than everything else', () => {
    const short = { signed: -100n, loading: half, losses: [-3_000n * million, 50n * million + 1n] };
    assert.equal(marginOf([short]), 100n);
    assert.equal(marginOf([{ ...short, losses: [-3_000n * million, 250n * million + 1n] }]), 251n);
    assert.equal(portfolio([{ ...short, losses: [0n, 250n * million] }], false).margin(), 250n);
    assert.equal(portfolio([{ ...short, losses: [0n, 250n * million] }]).binding(), 'stress');
  });
});

describe('against exact rational arithmetic', () => {
  test('the margin is the least integer not below any term', () => {
    fc.assert(
      fc.property(severalStressed, (exposures) => {
        const { squares, net, gross, stress } = sums(exposures);
        const suffices = (m: bigint): boolean =>
          (m * million) ** 2n >= squares && m >= net && m * 10n >= gross * 3n && m * million >= stress;
        const margin = marginOf(exposures);
        assert.ok(suffices(margin));
        assert.ok(margin === 0n || !suffices(margin - 1n));
      }),
      { numRuns },
    );
  });
  test('the check without a root answers as the margin does', () => {
    fc.assert(
      fc.property(
        severalStressed,
        fc.boolean(),
        fc.bigInt({ min: -3n, max: 3n }),
        signed,
        (exposures, offsets, near, far) => {
          const both = portfolio(exposures, offsets);
          const margin = both.margin();
          for (const amount of [margin + near, far]) assert.equal(both.coveredBy(amount), amount >= margin);
        },
      ),
      { numRuns },
    );
  });
  test('what was added and removed leaves no trace', () => {
    fc.assert(
      fc.property(severalStressed, severalStressed, (stay, go) => {
        const both = portfolio([...go, ...stay]);
        for (const each of go) both.remove(each);
        assert.equal(both.margin(), marginOf(stay));
        assert.equal(both.gross, portfolio(stay).gross);
      }),
      { numRuns },
    );
  });
});

describe('section 5', () => {
  test('INV-P1 T3 a single exposure costs what it costs alone', () => {
    fc.assert(
      fc.property(exposure, (each) => assert.equal(marginOf([each]), size(each.signed))),
      { numRuns },
    );
  });
  test('INV-P2 T4 merging two accounts never needs more than both', () => {
    fc.assert(
      fc.property(severalStressed, severalStressed, (a, b) => {
        assert.ok(marginOf([...a, ...b]) <= marginOf(a) + marginOf(b) + 2n);
      }),
      { numRuns: numRuns * 3 },
    );
  });
  test('T4 homogeneous and convex, up to rounding', () => {
    fc.assert(
      fc.property(several, several, fc.bigInt({ min: 1n, max: 1_000n }), (a, b, n) => {
        const times = (k: bigint, of: readonly Exposure[]): Exposure[] =>
          of.map((each) => ({ ...each, signed: k * each.signed }));
        const scaled = marginOf(times(n, a));
        assert.ok(scaled <= n * marginOf(a) && scaled > n * (marginOf(a) - 1n) - 1n);
        // 2 M((a + b) / 2) <= M(a) + M(b), doubled so that halves stay integers.
        assert.ok(marginOf([...a, ...b]) <= marginOf(a) + marginOf(b) + 2n);
      }),
      { numRuns },
    );
  });
  test('INV-P3 T1 the margin covers the loss of every member of the scenario set', () => {
    const radius = 1_000_000;
    fc.assert(
      fc.property(
        several,
        fc.array(fc.tuple(fc.integer({ min: -radius, max: radius }), fc.integer({ min: -radius, max: radius })), {
          minLength: 50,
          maxLength: 50,
        }),
        fc.array(fc.constantFrom(-1n, 1n), { minLength: 6, maxLength: 6 }),
        (exposures, factors, signs) => {
          const margin = marginOf(exposures);
          for (const [x, y] of factors) {
            // Twenty members for each direction of the factors, from its centre to the edge of the set.
            const length = Math.hypot(x, y) || 1;
            for (let step = 1; step <= 20; step++) {
              const f = [x, y].map((each) => BigInt(Math.trunc((each / length) * (radius / 20) * step)));
              const rest = BigInt(radius) ** 2n - f[0]! ** 2n - f[1]! ** 2n;
              // Largest e with |f|^2 + e^2 <= 1, rounded down.
              let e = BigInt(Math.floor(Math.sqrt(Number(rest))));
              while (e * e > rest) e--;
              let loss = 0n;
              for (const [i, { signed: each, loading: its }] of exposures.entries()) {
                loss += each * ((its.rho[0] ?? 0n) * f[0]! + (its.rho[1] ?? 0n) * f[1]!);
                // Adverse for every position in half of the members, drawn in the other.
                loss += its.idiosyncratic * e * (step % 2 === 0 ? size(each) : signs[i]! * each);
              }
              assert.ok(loss <= margin * million * BigInt(radius), `loss ${loss}, margin ${margin}`);
            }
          }
        },
      ),
      { numRuns: Math.ceil(numRuns / 10) },
    );
  });
  test('T1 the worst member is in the set: the factor term is attained, not only a bound', () => {
    const radius = 10n ** 12n;
    fc.assert(
      fc.property(several, (exposures) => {
        const { squares } = sums(exposures);
        fc.pre(squares > 0n);
        const c = [0, 1].map((j) => exposures.reduce((sum, e) => sum + e.signed * e.loading.rho[j]!, 0n));
        const i = exposures.reduce((sum, e) => sum + size(e.signed) * e.loading.idiosyncratic, 0n);
        // The member that points along (C, I), cut to integers of the radius.
        const root = isqrtUp(squares);
        const member = [c[0]!, c[1]!, i].map((each) => (each * radius) / root);
        assert.ok(member.reduce((sum, each) => sum + each * each, 0n) <= radius * radius);
        const loss = member[0]! * c[0]! + member[1]! * c[1]! + member[2]! * i;
        assert.ok(loss >= (root - 2n) * radius - size(c[0]!) - size(c[1]!) - i);
      }),
      { numRuns },
    );
  });
  test('T2 never under the Gaussian margin of the matching covariance', () => {
    fc.assert(
      fc.property(several, (exposures) => {
        let variance = 0n;
        for (const [i, one] of exposures.entries())
          for (const [j, two] of exposures.entries()) {
            let covariance = 0n;
            for (const [k, rho] of one.loading.rho.entries()) covariance += rho * two.loading.rho[k]!;
            if (i === j) covariance += one.loading.idiosyncratic ** 2n;
            variance += one.signed * two.signed * covariance;
          }
        assert.ok((marginOf(exposures) * million) ** 2n >= variance);
      }),
      { numRuns },
    );
  });
  test('T5 positions of one direction pay the gross sum: nothing for diversification', () => {
    fc.assert(
      fc.property(several, fc.boolean(), (exposures, long) => {
        const same = exposures.map((each) => ({ ...each, signed: long ? size(each.signed) : -size(each.signed) }));
        assert.equal(marginOf(same), portfolio(same).gross);
        assert.equal(portfolio(same).plain, true);
      }),
      { numRuns },
    );
  });
  test('INV-P4 the order of positions is irrelevant', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.oneof(exposure, stressed), fc.integer()), { maxLength: 6 }), (drawn) => {
        const shuffled = [...drawn].sort((a, b) => a[1] - b[1]).map(([each]) => each);
        assert.equal(marginOf(shuffled), marginOf(drawn.map(([each]) => each)));
      }),
      { numRuns },
    );
  });
  test('never less than the floor, never more than the gross sum without stress', () => {
    fc.assert(
      fc.property(several, (exposures) => {
        const { gross } = sums(exposures);
        const margin = marginOf(exposures);
        assert.ok(margin <= gross && margin * 10n >= gross * 3n);
      }),
      { numRuns },
    );
  });
  test('weights are what shrinking the exposure would free: none is negative, hedge legs have none, not all are zero', () => {
    fc.assert(
      fc.property(severalStressed, (exposures) => {
        const both = portfolio(exposures);
        const weights = both.weights(exposures);
        assert.ok(weights.every((weight) => weight >= 0n));
        if (both.margin() > 0n)
          assert.ok(
            weights.some((weight) => weight > 0n),
            both.binding(),
          );
      }),
      { numRuns },
    );
  });
});
