import type { Request, Response } from 'cosmjs-types/tendermint/abci/types';
import type { Application } from '../application.js';
import { AbciClient } from './client.js';

/** An application behind a socket, as an engine has it: the same interface, over two of the engine's connections. */
export class RemoteApp implements Application {
  readonly #consensus: AbciClient;
  readonly #query: AbciClient;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(consensus: AbciClient, query: AbciClient) {
    this.#consensus = consensus;
    this.#query = query;
  }

  static async connect(address: string): Promise<RemoteApp> {
    return new RemoteApp(await AbciClient.connect(address), await AbciClient.connect(address));
  }

  close(): void {
    this.#consensus.close();
    this.#query.close();
  }

  /** Sends a request with its Flush, as engines do, and picks the answer. */
  async #ask<K extends keyof Response & keyof Request>(
    name: K,
    request: NonNullable<Request[K]>,
    client = this.#consensus,
  ): Promise<NonNullable<Response[K]>> {
    const asked = this.#tail.then(async () => {
      client.send({ [name]: request });
      client.send({ flush: {} });
      const response = await client.next();
      if (response?.exception !== undefined) throw new Error(response.exception.error);
      const answer = response?.[name];
      if (answer === undefined) throw new Error(`${name} was not answered`);
      await client.next();
      return answer;
    });
    this.#tail = asked.catch(() => {});
    return asked;
  }

  info: Application['info'] = (request) => this.#ask('info', request, this.#query);
  query: Application['query'] = (request) => this.#ask('query', request, this.#query);
  checkTx: Application['checkTx'] = (request) => this.#ask('checkTx', request);
  initChain: Application['initChain'] = (request) => this.#ask('initChain', request);
  prepareProposal: Application['prepareProposal'] = (request) => this.#ask('prepareProposal', request);
  processProposal: Application['processProposal'] = (request) => this.#ask('processProposal', request);
  extendVote: Application['extendVote'] = (request) => this.#ask('extendVote', request);
  verifyVoteExtension: Application['verifyVoteExtension'] = (request) => this.#ask('verifyVoteExtension', request);
  finalizeBlock: Application['finalizeBlock'] = (request) => this.#ask('finalizeBlock', request);
  commit: Application['commit'] = () => this.#ask('commit', {});
  listSnapshots: Application['listSnapshots'] = (request) => this.#ask('listSnapshots', request);
  offerSnapshot: Application['offerSnapshot'] = (request) => this.#ask('offerSnapshot', request);
  loadSnapshotChunk: Application['loadSnapshotChunk'] = (request) => this.#ask('loadSnapshotChunk', request);
  applySnapshotChunk: Application['applySnapshotChunk'] = (request) => this.#ask('applySnapshotChunk', request);
}
