import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes, scryptSync } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bip39, EnglishMnemonic, Slip10, Slip10Curve, stringToPath, Random } from '@cosmjs/crypto';
import secp256k1 from 'secp256k1';
import { z } from 'zod';
import { secp256k1Address, toBech32 } from '../../../runtime/crypto/address.js';
import { Failure } from '../failure.js';

/** A key that can sign. */
export interface SigningKey {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
  /** bech32. */
  readonly address: string;
}

export interface KeyInfo {
  readonly name: string;
  readonly address: string;
  /** Compressed, base64. */
  readonly publicKey: string;
}

/** Derivation of Cosmos wallets: coin type 118. */
const hdPath = stringToPath("m/44'/118'/0'/0/0");
/** scrypt at 64 MiB: a guess costs an attacker a quarter of a second and the memory. */
const scrypt = { N: 1 << 16, r: 8, p: 1, maxmem: 256 * 1024 * 1024 };

const keyFile = z.strictObject({
  name: z.string(),
  address: z.string(),
  public_key: z.string(),
  backend: z.enum(['file', 'test']),
  /** AES-256-GCM under scrypt(passphrase, salt); the test backend keeps the secret as it is. */
  salt: z.string(),
  nonce: z.string(),
  secret: z.string(),
});

export function signingKey(privateKey: Uint8Array): SigningKey {
  const publicKey = secp256k1.publicKeyCreate(privateKey, true);
  return { privateKey, publicKey, address: toBech32(secp256k1Address(publicKey)) };
}

/** @throws Failure when the words are no BIP-39 mnemonic */
export function keyFromMnemonic(mnemonic: string): SigningKey {
  let words: EnglishMnemonic;
  try {
    words = new EnglishMnemonic(mnemonic.trim().replace(/\s+/g, ' '));
  } catch (error) {
    throw new Failure(`mnemonic: ${(error as Error).message}`);
  }
  // The BIP-39 seed by Node's own PBKDF2: a hundred times faster than in JavaScript.
  const seed = pbkdf2Sync(words.toString().normalize('NFKD'), 'mnemonic', 2048, 64, 'sha512');
  return signingKey(Slip10.derivePath(Slip10Curve.Secp256k1, seed, hdPath).privkey);
}

/** 24 new words. */
export const newMnemonic = (): string => Bip39.encode(Random.getBytes(32)).toString();

/** Keys of a home, one file each. The file backend encrypts them; the test backend does not and says so. */
export class Keyring {
  constructor(
    readonly directory: string,
    readonly backend: 'file' | 'test',
    /** Asks for the passphrase when one is needed; `fresh` when it is being chosen. */
    readonly passphrase: (fresh: boolean) => Promise<string>,
  ) {}

  async add(name: string, key: SigningKey, secret: string): Promise<KeyInfo> {
    const path = this.#path(name);
    if (existsSync(path)) throw new Failure(`key ${name} exists: choose another name or delete it first`);
    const salt = randomBytes(16);
    const nonce = randomBytes(12);
    let stored = Buffer.from(secret, 'utf8');
    if (this.backend === 'file') {
      const passphrase = await this.passphrase(true);
      if (passphrase.length < 8) throw new Failure('passphrase: at least 8 characters');
      const cipher = createCipheriv('aes-256-gcm', scryptSync(passphrase, salt, 32, scrypt), nonce);
      stored = Buffer.concat([cipher.update(stored), cipher.final(), cipher.getAuthTag()]);
    }
    const file: z.infer<typeof keyFile> = {
      name,
      address: key.address,
      public_key: Buffer.from(key.publicKey).toString('base64'),
      backend: this.backend,
      salt: salt.toString('base64'),
      nonce: nonce.toString('base64'),
      secret: stored.toString('base64'),
    };
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    return this.show(name);
  }

  list(): KeyInfo[] {
    if (!existsSync(this.directory)) return [];
    return readdirSync(this.directory)
      .filter((file) => file.endsWith('.json'))
      .sort()
      .map((file) => this.show(file.slice(0, -'.json'.length)));
  }

  show(name: string): KeyInfo {
    const file = this.#read(name);
    return { name: file.name, address: file.address, publicKey: file.public_key };
  }

  /** The mnemonic or 0x-prefixed private key that was stored. @throws Failure for a wrong passphrase */
  async secret(name: string): Promise<string> {
    const file = this.#read(name);
    const stored = Buffer.from(file.secret, 'base64');
    if (file.backend === 'test') return stored.toString('utf8');
    const key = scryptSync(await this.passphrase(false), Buffer.from(file.salt, 'base64'), 32, scrypt);
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(file.nonce, 'base64'));
    decipher.setAuthTag(stored.subarray(-16));
    try {
      return Buffer.concat([decipher.update(stored.subarray(0, -16)), decipher.final()]).toString('utf8');
    } catch {
      throw new Failure(`key ${name}: wrong passphrase, or the file is damaged`);
    }
  }

  async signingKey(name: string): Promise<SigningKey> {
    return keyFromSecret(await this.secret(name));
  }

  delete(name: string): void {
    this.#read(name);
    rmSync(this.#path(name));
  }

  /** A name never leads out of the directory. @throws Failure for a name that could */
  #path(name: string): string {
    if (!/^[a-zA-Z0-9._-]{1,64}$/.test(name))
      throw new Failure(`key name ${JSON.stringify(name)}: letters, digits, dot, dash and underscore, at most 64`);
    return join(this.directory, `${name}.json`);
  }

  #read(name: string): z.infer<typeof keyFile> {
    const path = this.#path(name);
    if (!existsSync(path)) throw new Failure(`no key named ${name}; plimsolld keys list shows those there are`);
    try {
      return keyFile.parse(JSON.parse(readFileSync(path, 'utf8')));
    } catch (error) {
      throw new Failure(`${path}: not a key file: ${(error as Error).message.split('\n')[0]}`);
    }
  }
}

/** A key from a mnemonic or a 0x-prefixed private key. */
export function keyFromSecret(secret: string): SigningKey {
  if (!secret.startsWith('0x')) return keyFromMnemonic(secret);
  const bytes = Buffer.from(secret.slice(2), 'hex');
  if (bytes.length !== 32 || !secp256k1.privateKeyVerify(bytes))
    throw new Failure('private key: expected 0x and 64 hexadecimal digits');
  return signingKey(bytes);
}
