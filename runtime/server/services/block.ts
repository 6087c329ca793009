import type { Chain, ChainBlock } from '../chain.js';
import { grpcStatus, ServiceError } from '../node-service.js';

/** A block as services show it. @throws ServiceError invalid argument */
export async function blockOf(chain: Chain, height: bigint): Promise<ChainBlock> {
  return (await chain.block(height)) ?? notAvailable(chain, height);
}

/** @throws ServiceError always */
export async function notAvailable(chain: Chain, height: bigint): Promise<never> {
  throw new ServiceError(
    grpcStatus.invalidArgument,
    `height ${height} is not available: newest is ${await chain.height()}`,
  );
}
