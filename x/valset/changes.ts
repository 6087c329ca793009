/** CometBFT's largest sum of powers. */
export const maxTotalPower = ((1n << 63n) - 1n) / 8n;

export interface KeyPower {
  readonly address: Uint8Array;
  readonly pubKey: Uint8Array;
  readonly power: bigint;
}

export interface Plan {
  /** What differs from the set as it is, in the order asked. */
  readonly changes: readonly (KeyPower & { readonly previous: bigint })[];
  /** Why none of it can be done; undefined when it can. */
  readonly refused: string | undefined;
}

/**
 * What becomes of a set when powers are asked for: an engine stops for ever at
 * a set without power, or with more than it can count, so neither may happen.
 * O(known validators).
 */
export function planChanges(known: Iterable<KeyPower>, asked: readonly KeyPower[]): Plan {
  const powers = new Map<string, bigint>();
  let total = 0n;
  for (const { address, power } of known) {
    powers.set(idOf(address), power);
    total += power;
  }
  const changes: (KeyPower & { readonly previous: bigint })[] = [];
  for (const change of asked) {
    const previous = powers.get(idOf(change.address)) ?? 0n;
    if (previous === change.power) continue;
    changes.push({ ...change, previous });
    total += change.power - previous;
  }
  let refused: string | undefined;
  if (total === 0n) refused = 'no validator would be left';
  if (total > maxTotalPower) refused = `total power ${total} would exceed ${maxTotalPower}`;
  return { changes, refused };
}

const idOf = (address: Uint8Array): string => Buffer.from(address).toString('hex');
