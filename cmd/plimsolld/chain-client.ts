import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { descriptorImage } from '../../gen/image.js';
import { BaseAccount } from '../../gen/cosmos/auth/v1beta1/auth.js';
import { QueryAccountInfoRequest, QueryAccountInfoResponse } from '../../gen/cosmos/auth/v1beta1/query.js';
import { SimulateRequest, SimulateResponse } from '../../gen/cosmos/tx/v1beta1/service.js';
import { createRegistry, type Registry } from '../../runtime/codec/registry.js';
import type { JsonValue } from '../../runtime/codec/types.js';
import { Failure } from './failure.js';

/** A node over RPC, as the command line uses it. */
export class ChainClient {
  private constructor(
    readonly comet: Comet38Client,
    readonly registry: Registry,
    readonly chainId: string,
  ) {}

  /** @throws Failure when nobody answers */
  static async connect(url: string, expectedChainId = ''): Promise<ChainClient> {
    try {
      const comet = await Comet38Client.connect(url);
      const { nodeInfo } = await comet.status();
      if (expectedChainId !== '' && nodeInfo.network !== expectedChainId) {
        throw new Failure(`${url} runs chain ${nodeInfo.network}, expected ${expectedChainId}`);
      }
      return new ChainClient(comet, createRegistry(descriptorImage), nodeInfo.network);
    } catch (error) {
      if (error instanceof Failure) throw error;
      const cause = (error as { cause?: { code?: string } }).cause?.code;
      throw new Failure(
        `no node answers at ${url}${cause === undefined ? `: ${(error as Error).message}` : ` (${cause})`}; is it running? Try --node`,
      );
    }
  }

  /** @throws Failure with the chain's own text */
  async query(path: string, data: Uint8Array, height = 0): Promise<Uint8Array> {
    const response = await this.comet.abciQuery({ path, data, height: height === 0 ? undefined : height });
    if (response.code !== 0) throw new Failure(response.log ?? `query failed with code ${response.code}`);
    return response.value;
  }

  /** A query by type names, JSON to JSON. */
  async queryJson(
    path: string,
    inputType: string,
    outputType: string,
    request: JsonValue,
    height = 0,
  ): Promise<JsonValue> {
    return this.registry.toJson(outputType, await this.query(path, this.registry.fromJson(inputType, request), height));
  }

  async account(address: string): Promise<{ readonly accountNumber: bigint; readonly sequence: bigint }> {
    const bytes = await this.query(
      '/cosmos.auth.v1beta1.Query/AccountInfo',
      QueryAccountInfoRequest.encode({ address }).finish(),
    );
    return QueryAccountInfoResponse.decode(bytes).info ?? BaseAccount.fromPartial({});
  }

  /** Gas that a transaction would use now. */
  async simulate(txBytes: Uint8Array): Promise<bigint> {
    const data = SimulateRequest.encode({ tx: undefined, txBytes }).finish();
    return SimulateResponse.decode(await this.query('/cosmos.tx.v1beta1.Service/Simulate', data)).gasInfo!.gasUsed;
  }

  /** Sends a transaction. @throws Failure with code and log when the node refuses it */
  async broadcast(tx: Uint8Array): Promise<string> {
    const result = await this.comet.broadcastTxSync({ tx });
    if (result.code !== 0) throw new Failure(`refused with code ${result.codespace}/${result.code}: ${result.log}`);
    return Buffer.from(result.hash).toString('hex').toUpperCase();
  }

  /** Waits until a transaction is in a block. @throws Failure after the timeout */
  async waitFor(hash: string, timeoutMs = 30_000) {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const { txs } = await this.comet.txSearch({ query: `tx.hash='${hash}'` });
      if (txs[0] !== undefined) return txs[0];
      if (Date.now() > until)
        throw new Failure(`transaction ${hash} was accepted but is in no block after ${timeoutMs / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  close(): void {
    this.comet.disconnect();
  }
}
