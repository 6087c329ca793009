import type { Application } from '../abci/application.js';
import type { Pruning } from '../store/pruning.js';
import type { Chain } from './chain.js';

/** What services that speak of the node itself work with. */
export interface NodeContext {
  readonly app: Application;
  readonly chain: Chain;
  readonly appName: string;
  readonly appVersion: string;
  readonly moniker: string;
  readonly minGasPrices: string;
  /** Smallest height whose state is kept. */
  readonly earliestStoreHeight: () => bigint;
  /** How much history this node keeps. */
  readonly pruning: Pruning;
}

/** Handlers by full method path: request bytes in, response bytes out. Throw ServiceError to refuse. */
export type NodeService = Readonly<Record<string, (request: Uint8Array) => Promise<Uint8Array>>>;

/** gRPC status codes used here. */
export const grpcStatus = {
  unknown: 2,
  invalidArgument: 3,
  notFound: 5,
  permissionDenied: 7,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

export class ServiceError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

interface Wire<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(input: Uint8Array): T;
}

/** A handler from typed messages; bytes that do not decode are an invalid argument. */
export function typed<Q, R>(request: Wire<Q>, response: Wire<R>, handle: (message: Q) => Promise<R>) {
  return async (bytes: Uint8Array): Promise<Uint8Array> => {
    let message: Q;
    try {
      message = request.decode(bytes);
    } catch (error) {
      throw new ServiceError(grpcStatus.invalidArgument, `request does not decode: ${(error as Error).message}`);
    }
    return response.encode(await handle(message)).finish();
  };
}
