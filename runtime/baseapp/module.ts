import type { EncodableType } from '../store/encode.js';
import type { StoreMount } from '../store/types.js';
import type { Context } from './context.js';

/** A ts-proto message type: enough to move bytes in and out. */
export interface WireType<T> extends EncodableType<T> {
  decode(input: Uint8Array): T;
}

/** One method of a ts-proto generic service definition. */
export interface MethodDefinition {
  readonly name: string;
  readonly requestType: WireType<any>; // eslint-disable-line @typescript-eslint/no-explicit-any -- generated types are invariant
  readonly responseType: WireType<any>; // eslint-disable-line @typescript-eslint/no-explicit-any
}

export interface ServiceDefinition {
  readonly name: string;
  readonly fullName: string;
  readonly methods: Readonly<Record<string, MethodDefinition>>;
}

type RequestOf<M> = M extends { readonly requestType: { decode(input: never, length?: number): infer R } } ? R : never;
type ResponseOf<M> = M extends { readonly responseType: { decode(input: never, length?: number): infer R } }
  ? R
  : never;

/** Handlers for every method of a service: a missing one does not compile. */
export type Handlers<D extends { readonly methods: object }> = {
  readonly [K in keyof D['methods']]: (
    ctx: Context,
    request: RequestOf<D['methods'][K]>,
  ) => ResponseOf<D['methods'][K]>;
};

/** Where a module registers what it answers. */
export interface ServiceRegistrar {
  /** Transaction messages: a service marked `cosmos.msg.v1.service`. Handlers throw AppError to reject. */
  msgs<D extends ServiceDefinition>(definition: D, handlers: Handlers<D>): void;
  /** Read-only queries; the context's writes are thrown away. */
  queries<D extends ServiceDefinition>(definition: D, handlers: Handlers<D>): void;
}

export interface ValidatorUpdate {
  /** ed25519 public key. */
  readonly pubKey: Uint8Array;
  /** Zero removes the validator. */
  readonly power: bigint;
}

/** A validated genesis value of one module: plain JSON in, plain JSON out (proto JSON, snake_case names). */
export type GenesisJson = unknown;

/** What the app sees of a module. Every hook is synchronous and deterministic. */
export interface Module {
  /** Also the key of its genesis section. */
  readonly name: string;
  readonly stores: readonly StoreMount[];
  register(registrar: ServiceRegistrar): void;

  defaultGenesis(): GenesisJson;
  /** @throws Error that names the field at fault */
  validateGenesis(json: GenesisJson): void;
  initGenesis(ctx: Context, json: GenesisJson): void;
  exportGenesis(ctx: Context): GenesisJson;

  /** The consensus set that the chain starts with; called before initGenesis. */
  initValidators?(ctx: Context, validators: readonly ValidatorUpdate[]): void;
  /**
   * Called when every section of genesis is in, in the order of end blocks.
   * Returns the whole consensus set when state names it, and the engine did not.
   */
  endGenesis?(ctx: Context): readonly ValidatorUpdate[] | void;
  beginBlock?(ctx: Context): void;
  /** Returns changes of the consensus validator set, if the module has any. */
  endBlock?(ctx: Context): readonly ValidatorUpdate[] | void;
  /** Called when nothing of the block writes any more, in the order of end blocks: what is kept in memory follows state here. */
  closeBlock?(ctx: Context): void;
}
