/** An account as the keeper stores it. */
export interface Account {
  readonly address: Uint8Array;
  /** Compressed secp256k1 key; undefined until the first signed transaction. */
  readonly pubKey: Uint8Array | undefined;
  readonly number: bigint;
  readonly sequence: bigint;
  /** Name of the module that owns the account; undefined for people. */
  readonly module: string | undefined;
}
