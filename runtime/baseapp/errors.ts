/**
 * Registered errors: what a transaction or query may fail with. Each has a
 * codespace and code that clients switch on, and a message that names the
 * field and value at fault and what would have been accepted.
 */
export class AppError extends Error {
  constructor(
    readonly codespace: string,
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = 'AppError';
  }
}

/** Makes the errors of one codespace; refuses a code registered twice. */
export class ErrorRegistry {
  readonly #codes = new Map<number, string>();

  constructor(readonly codespace: string) {}

  /**
   * Registers a code (> 1) with its fixed text and returns a maker of errors.
   * The log reads "<detail>: <text>", the order Cosmos clients match on.
   */
  register(code: number, text: string): (detail?: string) => AppError {
    if (code <= 1 || this.#codes.has(code))
      throw new Error(`error code ${this.codespace}/${code} is taken or reserved`);
    this.#codes.set(code, text);
    return (detail) => new AppError(this.codespace, code, detail === undefined ? text : `${detail}: ${text}`);
  }

  /** All codes with their texts, ascending: for documentation and tests. */
  list(): readonly (readonly [number, string])[] {
    return [...this.#codes.entries()].sort(([a], [b]) => a - b);
  }
}

const sdk = new ErrorRegistry('sdk');

/** The errors every Cosmos client knows, with their usual codes. */
export const sdkErrors = {
  txDecode: sdk.register(2, 'tx parse error'),
  invalidSequence: sdk.register(3, 'invalid sequence'),
  unauthorized: sdk.register(4, 'unauthorized'),
  insufficientFunds: sdk.register(5, 'insufficient funds'),
  unknownRequest: sdk.register(6, 'unknown request'),
  invalidAddress: sdk.register(7, 'invalid address'),
  invalidPubKey: sdk.register(8, 'invalid pubkey'),
  unknownAddress: sdk.register(9, 'unknown address'),
  invalidCoins: sdk.register(10, 'invalid coins'),
  outOfGas: sdk.register(11, 'out of gas'),
  memoTooLarge: sdk.register(12, 'memo too large'),
  insufficientFee: sdk.register(13, 'insufficient fee'),
  tooManySignatures: sdk.register(14, 'maximum number of signatures exceeded'),
  noSignatures: sdk.register(15, 'no signatures supplied'),
  invalidRequest: sdk.register(18, 'invalid request'),
  txInMempool: sdk.register(19, 'tx already in mempool'),
  mempoolFull: sdk.register(20, 'mempool is full'),
  txTooLarge: sdk.register(21, 'tx too large'),
  keyNotFound: sdk.register(22, 'key not found'),
  invalidHeight: sdk.register(26, 'invalid height'),
  txTimeoutHeight: sdk.register(30, 'tx timeout height'),
  unknownExtensionOptions: sdk.register(31, 'unknown extension options'),
  wrongSequence: sdk.register(32, 'incorrect account sequence'),
  unpackAny: sdk.register(34, 'failed unpacking protobuf message from Any'),
  logic: sdk.register(35, 'internal logic error'),
  notSupported: sdk.register(37, 'feature not supported'),
  notFound: sdk.register(38, 'not found'),
  invalidGasLimit: sdk.register(41, 'invalid gas limit'),
  txTimeout: sdk.register(42, 'tx timeout'),
};

/** What a client is told of a bug; the log of the node has the rest. @param where what comes before it */
export const internalError = (where = ''): AppError => new AppError('undefined', 1, `${where}internal error`);

/**
 * A broken promise of the code itself. The node stops rather than diverge,
 * unless it came up in what a block can do without: a transaction, or the part
 * of a module that fails (block-fault.ts).
 */
export class FatalError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FatalError';
  }
}
