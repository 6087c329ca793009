/** A request that does not fit its method; answered with JSON-RPC code -32602. */
export class InvalidParams extends Error {}

/** A JSON-RPC error of CometBFT's "Internal error" kind; `data` carries the text. */
export class RpcFailure extends Error {}

/** Parameters by name, from JSON or from a URI (where texts are quoted and bytes may be 0x hex). */
export class Params {
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #fromUri: boolean;

  constructor(values: ReadonlyMap<string, unknown>, fromUri: boolean) {
    this.#values = values;
    this.#fromUri = fromUri;
  }

  text(name: string, fallback?: string): string {
    const value = this.#values.get(name);
    if (value === undefined || value === null) {
      if (fallback === undefined) throw new InvalidParams(`${name}: missing`);
      return fallback;
    }
    if (typeof value !== 'string') throw new InvalidParams(`${name}: expected a string`);
    return this.#fromUri ? value.replace(/^"(.*)"$/s, '$1') : value;
  }

  /** An integer, as number or string; undefined when absent. */
  integer(name: string): bigint | undefined {
    const value = this.#values.get(name);
    if (value === undefined || value === null || value === '') return undefined;
    const text = typeof value === 'string' ? value.replace(/^"(.*)"$/s, '$1') : String(value);
    if (!/^-?\d{1,19}$/.test(text))
      throw new InvalidParams(`${name}: expected an integer, got ${JSON.stringify(text.slice(0, 40))}`);
    return BigInt(text);
  }

  boolean(name: string): boolean {
    const value = this.#values.get(name);
    if (value === undefined || value === null) return false;
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    throw new InvalidParams(`${name}: expected true or false`);
  }

  /** Bytes in base64 (JSON), or 0x hex or a quoted text (URI). */
  bytes(name: string): Uint8Array {
    const value = this.text(name);
    if (this.#fromUri && value.startsWith('0x')) return this.#hex(name, value.slice(2));
    if (this.#fromUri && this.#values.get(name) !== value) return Buffer.from(value, 'utf8');
    const bytes = Buffer.from(value, 'base64');
    if (bytes.toString('base64').replace(/=+$/, '') !== value.replace(/=+$/, ''))
      throw new InvalidParams(`${name}: expected base64`);
    return bytes;
  }

  /** Bytes in hex, as abci_query takes its data. */
  hexBytes(name: string): Uint8Array {
    const value = this.text(name, '');
    if (this.#fromUri && this.#values.get(name) !== value) return Buffer.from(value, 'utf8');
    return this.#hex(name, value.replace(/^0x/, ''));
  }

  #hex(name: string, value: string): Uint8Array {
    if (!/^([0-9a-fA-F]{2})*$/.test(value)) throw new InvalidParams(`${name}: expected hexadecimal`);
    return Buffer.from(value, 'hex');
  }
}

/** Page and page size of a list request. @throws InvalidParams out of range */
export function pageOf(params: Params, total: number): { readonly start: number; readonly end: number } {
  const size = Number(params.integer('per_page') ?? 30n);
  const perPage = size < 1 ? 30 : Math.min(size, 100);
  const pages = Math.max(1, Math.ceil(total / perPage));
  const page = Number(params.integer('page') ?? 1n);
  if (page < 1 || page > pages) throw new InvalidParams(`page should be within [1, ${pages}] range, given ${page}`);
  return { start: (page - 1) * perPage, end: Math.min(total, page * perPage) };
}
