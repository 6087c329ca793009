import { abs, cdiv, isqrtUp, max, million } from '../../../runtime/math/integers.js';
import type { Loading } from '../types.js';

/** At most 70 % of the gross sum is offset, whatever the loadings say. risk-model section 5. */
const floorPpm = 300_000n;

/**
 * Something whose price moves an account: a position, or collateral that is
 * not USDC. All the margin function knows of it.
 */
export interface Exposure {
  /** s * a: margin that it needs alone in quote quanta, negative for a short. */
  readonly signed: bigint;
  readonly loading: Loading;
  /** Loss in each configured stress vector, 10^-6 quote quanta, negative for a gain; none by default. */
  readonly losses?: readonly bigint[];
}

/** The term of section 5 that decides an account's margin. */
export type BindingTerm = 'gross' | 'factors' | 'net' | 'floor' | 'stress';

/**
 * Elliptic factor margin of a set of exposures: the worst loss over a whole
 * ellipsoid of scenarios in closed form (M_low), over a crash in which
 * clusters move as one (M_net), over the configured stress vectors (M_str),
 * and not under a floor (M_flr); the largest counts. risk-model section 5.
 *
 * All terms are seminorms of the exposures, so merging accounts or hedging
 * never needs more margin than the parts alone (T4). Sums are exact integers
 * and independent of order (INV-P4); one rounding at the end, up. Exposures
 * that offset nothing cost exactly their sum, without a root.
 * Adding and removing: O(factors + clusters in use); the margin as well.
 */
export class Portfolio {
  readonly #offsets: boolean;
  /** G: what the exposures need without offsets. */
  #gross = 0n;
  /** I of section 5, 10^-6 quanta. */
  #idiosyncratic = 0n;
  /** C_j of section 5, 10^-6 quanta. */
  readonly #factors: bigint[] = [];
  // Few clusters: two short lists are faster than a map.
  readonly #clusters: number[] = [];
  readonly #nets: bigint[] = [];
  readonly #losses: bigint[] = [];

  /** @param offsets false: a plain sum, as cross margin wants it; stress vectors count all the same */
  constructor(offsets = true) {
    this.#offsets = offsets;
  }

  /** Sum of what each exposure needs alone. */
  get gross(): bigint {
    return this.#gross;
  }

  add(exposure: Exposure): void {
    this.#count(exposure, 1n);
  }

  remove(exposure: Exposure): void {
    this.#count(exposure, -1n);
  }

  /** True when the margin is the plain sum, and stays so however exposures shrink: nothing is hedged, nothing stressed. */
  get plain(): boolean {
    return this.#losses.length === 0 && !this.#hedged;
  }

  /** Margin in quote quanta, rounded up. */
  margin(): bigint {
    const stress = this.#stress();
    if (!this.#offsets) return max(this.#gross, stress);
    const net = this.#net();
    if (net === this.#gross) return max(net, stress);
    const factors = cdiv(isqrtUp(this.#squares()), million);
    return max(max(factors, net), max(this.#floor(), stress));
  }

  /** `amount >= margin()`, decided without a root. */
  coveredBy(amount: bigint): boolean {
    if (amount < this.#stress()) return false;
    if (!this.#offsets) return amount >= this.#gross;
    const net = this.#net();
    if (amount < net) return false;
    if (net === this.#gross) return true;
    if (amount < this.#floor()) return false;
    const scaled = amount * million;
    return scaled * scaled >= this.#squares();
  }

  /**
   * How much each exposure adds to the margin at the margin, as weights: the
   * derivative of the term that binds times the exposure (Euler), nothing for
   * an exposure that lowers it. risk-model section 5.
   */
  weights(exposures: readonly Exposure[]): bigint[] {
    switch (this.binding()) {
      case 'gross':
      case 'floor':
        return exposures.map(({ signed }) => abs(signed));
      case 'net':
        return exposures.map(({ signed, loading }) =>
          this.#netOf(loading.cluster) < 0n ? max(0n, -signed) : max(0n, signed),
        );
      case 'stress': {
        const worst = this.#worstVector();
        return exposures.map(({ losses }) => max(0n, losses?.[worst] ?? 0n));
      }
      case 'factors':
        return exposures.map(({ signed, loading }) => {
          let slope = this.#idiosyncratic * loading.idiosyncratic * (signed < 0n ? -1n : 1n);
          for (const [j, rho] of loading.rho.entries()) slope += this.#factors[j]! * rho;
          return max(0n, signed * slope);
        });
    }
  }

  /** The largest term; the earlier one of section 5 when two are equal. */
  binding(): BindingTerm {
    const terms: (readonly [BindingTerm, bigint])[] = this.#hedged
      ? [
          ['factors', cdiv(isqrtUp(this.#squares()), million)],
          ['net', this.#net()],
          ['floor', this.#floor()],
        ]
      : [['gross', this.#gross]];
    terms.push(['stress', this.#stress()]);
    let largest = terms[0]!;
    for (const term of terms) if (term[1] > largest[1]) largest = term;
    return largest[0];
  }

  /** Do two exposures of one cluster have opposite signs? */
  get #hedged(): boolean {
    return this.#offsets && this.#net() !== this.#gross;
  }

  #count({ signed, loading, losses }: Exposure, sign: 1n | -1n): void {
    const size = sign * abs(signed);
    const moved = sign * signed;
    this.#gross += size;
    if (losses !== undefined)
      for (const [k, loss] of losses.entries()) this.#losses[k] = (this.#losses[k] ?? 0n) + sign * loss;
    if (!this.#offsets) return;
    const { cluster, rho, idiosyncratic } = loading;
    this.#idiosyncratic += size * idiosyncratic;
    for (let j = 0; j < rho.length; j++) this.#factors[j] = (this.#factors[j] ?? 0n) + moved * rho[j]!;
    const at = this.#clusters.indexOf(cluster);
    if (at === -1) {
      this.#clusters.push(cluster);
      this.#nets.push(moved);
    } else this.#nets[at] = this.#nets[at]! + moved;
  }

  #net(): bigint {
    let sum = 0n;
    for (const net of this.#nets) sum += abs(net);
    return sum;
  }

  #netOf(cluster: number): bigint {
    return this.#nets[this.#clusters.indexOf(cluster)] ?? 0n;
  }

  /** (10^6 M_low)^2. */
  #squares(): bigint {
    let sum = this.#idiosyncratic * this.#idiosyncratic;
    for (const factor of this.#factors) sum += factor * factor;
    return sum;
  }

  #floor(): bigint {
    return cdiv(floorPpm * this.#gross, million);
  }

  #stress(): bigint {
    if (this.#losses.length === 0) return 0n;
    return max(0n, cdiv(this.#losses[this.#worstVector()]!, million));
  }

  #worstVector(): number {
    let worst = 0;
    for (const [k, loss] of this.#losses.entries()) if (loss > this.#losses[worst]!) worst = k;
    return worst;
  }
}
