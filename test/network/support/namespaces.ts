import { spawnSync } from 'node:child_process';

/** Runs ip(8). @throws Error with what it printed */
function ip(...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}

/** True where this process may make network namespaces and bridges; otherwise says loudly why not. */
function allowed(): boolean {
  const name = `plims-try-${process.pid}`;
  try {
    ip('netns', 'add', name);
    ip('netns', 'del', name);
    ip('link', 'add', `pt${process.pid}`, 'type', 'bridge');
    ip('link', 'del', `pt${process.pid}`);
    return true;
  } catch (error) {
    process.stderr.write(`\n*** SKIPPED: partitions between network namespaces. ${(error as Error).message} ***\n\n`);
    return false;
  }
}

export const namespacesAllowed = allowed();

/**
 * Hosts of their own on this machine: a network namespace for each, with one
 * cable to a switch that all share and one to this process. Moving cables
 * between switches partitions the network: packets are lost without a word,
 * as they are on a real one.
 */
export class Namespaces {
  readonly #tag: string;
  readonly #count: number;
  #switches = 0;
  readonly #subnet: number;

  private constructor(count: number) {
    this.#count = count;
    this.#tag = `pl${process.pid % 100_000}`;
    this.#subnet = process.pid % 250;
  }

  static create(count: number): Namespaces {
    const made = new Namespaces(count);
    try {
      made.#build();
    } catch (error) {
      made.remove();
      throw error;
    }
    return made;
  }

  /** Address of the first host on the shared switch; the others count up from it. */
  get firstIp(): string {
    return `10.83.${this.#subnet}.1`;
  }

  /** Where this process reaches a host. */
  reachable(index: number): string {
    return `10.84.${this.#subnet}.${4 * index + 2}`;
  }

  /** What to put before a command that runs on a host. */
  prefix(index: number): readonly string[] {
    return ['ip', 'netns', 'exec', this.#host(index)];
  }

  /** Connects the hosts of each group with each other and with nobody else. */
  partition(...groups: readonly (readonly number[])[]): void {
    const old = this.#switches;
    for (const [at, group] of groups.entries()) {
      const name = this.#bridge(old + at);
      ip('link', 'add', name, 'type', 'bridge');
      ip('link', 'set', name, 'up');
      for (const index of group) ip('link', 'set', `${this.#tag}p${index}`, 'master', name);
    }
    this.#switches = old + groups.length;
  }

  heal(): void {
    this.partition(Array.from({ length: this.#count }, (_, index) => index));
  }

  /** Hosts take their processes' network with them; processes themselves must have ended. */
  remove(): void {
    const quietly = (...args: readonly string[]): void => void spawnSync('ip', args);
    for (let index = 0; index < this.#count; index++) quietly('netns', 'del', this.#host(index));
    for (let at = 0; at < this.#switches; at++) quietly('link', 'del', this.#bridge(at));
  }

  #host(index: number): string {
    return `${this.#tag}-host${index}`;
  }

  #bridge(at: number): string {
    return `${this.#tag}b${at}`;
  }

  #build(): void {
    for (let index = 0; index < this.#count; index++) {
      const host = this.#host(index);
      ip('netns', 'add', host);
      ip('-n', host, 'link', 'set', 'lo', 'up');
      const cables = [
        { here: `${this.#tag}p${index}`, there: 'peers', address: `10.83.${this.#subnet}.${1 + index}/24` },
        { here: `${this.#tag}m${index}`, there: 'control', address: `${this.reachable(index)}/30` },
      ];
      for (const { here, there, address } of cables) {
        ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', host);
        ip('-n', host, 'address', 'add', address, 'dev', there);
        ip('-n', host, 'link', 'set', there, 'up');
        ip('link', 'set', here, 'up');
      }
      ip('address', 'add', `10.84.${this.#subnet}.${4 * index + 1}/30`, 'dev', `${this.#tag}m${index}`);
    }
    this.heal();
  }
}
