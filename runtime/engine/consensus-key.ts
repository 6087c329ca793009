import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { consensusAddress } from '../crypto/address.js';
import { Ed25519Key } from '../crypto/ed25519.js';

const keyFile = z.object({
  address: z.string(),
  pub_key: z.object({ type: z.literal('tendermint/PubKeyEd25519'), value: z.string() }),
  priv_key: z.object({ type: z.literal('tendermint/PrivKeyEd25519'), value: z.string() }),
});

/** The key a validator votes with, in the form of CometBFT's priv_validator_key.json. */
export class ConsensusKey {
  readonly #key: Ed25519Key;
  readonly address: Uint8Array;

  private constructor(key: Ed25519Key) {
    this.#key = key;
    this.address = consensusAddress(key.publicKey);
  }

  static generate(): ConsensusKey {
    return new ConsensusKey(new Ed25519Key(randomBytes(32)));
  }

  /** @param seed 32 bytes */
  static fromSeed(seed: Uint8Array): ConsensusKey {
    return new ConsensusKey(new Ed25519Key(seed));
  }

  /** @throws Error naming file and field */
  static load(path: string): ConsensusKey {
    let parsed: z.infer<typeof keyFile>;
    try {
      parsed = keyFile.parse(JSON.parse(readFileSync(path, 'utf8')));
    } catch (error) {
      throw new Error(`${path}: ${describe(error)}`, { cause: error });
    }
    const bytes = Buffer.from(parsed.priv_key.value, 'base64');
    if (bytes.length !== 64) throw new Error(`${path}: priv_key.value has ${bytes.length} bytes, expected 64`);
    return new ConsensusKey(new Ed25519Key(bytes.subarray(0, 32)));
  }

  get publicKey(): Uint8Array {
    return this.#key.publicKey;
  }

  sign(message: Uint8Array): Uint8Array {
    return this.#key.sign(message);
  }

  /** Writes the key file, readable by its owner only. Refuses to replace one. */
  save(path: string): void {
    const { publicKey } = this;
    const file: z.infer<typeof keyFile> = {
      address: Buffer.from(this.address).toString('hex').toUpperCase(),
      pub_key: { type: 'tendermint/PubKeyEd25519', value: Buffer.from(publicKey).toString('base64') },
      priv_key: {
        type: 'tendermint/PrivKeyEd25519',
        value: Buffer.concat([this.#key.seed, publicKey]).toString('base64'),
      },
    };
    writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  }
}

/** The first thing that is wrong, with the path to it. */
export function describe(error: unknown): string {
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    return `${issue!.path.join('.') || 'content'}: ${issue!.message}`;
  }
  return (error as Error).message;
}
