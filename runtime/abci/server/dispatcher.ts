import { Request, type Response } from 'cosmjs-types/tendermint/abci/types';
import type { Application } from '../application.js';
import { ProtocolError } from './frames.js';

/** Names of the methods, as in the one-of of `tendermint.abci.Request`. */
export type Method = keyof Request;

/** One field of the response's one-of. */
export type Answer = Partial<Response>;

interface Rule {
  /** Waits for its turn among the calls that may change state or must see it settled. */
  readonly exclusive: boolean;
  readonly call: (app: Application, request: Request) => Promise<Answer>;
}

const rules: Readonly<Record<Method, Rule>> = {
  echo: { exclusive: false, call: async (_app, { echo }) => ({ echo: { message: echo!.message } }) },
  flush: { exclusive: false, call: async () => ({ flush: {} }) },
  // Info says which height is committed: not while a commit is under way.
  info: { exclusive: true, call: async (app, { info }) => ({ info: await app.info(info!) }) },
  query: { exclusive: false, call: async (app, { query }) => ({ query: await app.query(query!) }) },
  checkTx: { exclusive: true, call: async (app, { checkTx }) => ({ checkTx: await app.checkTx(checkTx!) }) },
  initChain: { exclusive: true, call: async (app, { initChain }) => ({ initChain: await app.initChain(initChain!) }) },
  prepareProposal: {
    exclusive: true,
    call: async (app, { prepareProposal }) => ({ prepareProposal: await app.prepareProposal(prepareProposal!) }),
  },
  processProposal: {
    exclusive: true,
    call: async (app, { processProposal }) => ({ processProposal: await app.processProposal(processProposal!) }),
  },
  extendVote: {
    exclusive: true,
    call: async (app, { extendVote }) => ({ extendVote: await app.extendVote(extendVote!) }),
  },
  verifyVoteExtension: {
    exclusive: true,
    call: async (app, { verifyVoteExtension }) => ({
      verifyVoteExtension: await app.verifyVoteExtension(verifyVoteExtension!),
    }),
  },
  finalizeBlock: {
    exclusive: true,
    call: async (app, { finalizeBlock }) => ({ finalizeBlock: await app.finalizeBlock(finalizeBlock!) }),
  },
  commit: { exclusive: true, call: async (app) => ({ commit: await app.commit() }) },
  listSnapshots: {
    exclusive: false,
    call: async (app, { listSnapshots }) => ({ listSnapshots: await app.listSnapshots(listSnapshots!) }),
  },
  offerSnapshot: {
    exclusive: true,
    call: async (app, { offerSnapshot }) => ({ offerSnapshot: await app.offerSnapshot(offerSnapshot!) }),
  },
  loadSnapshotChunk: {
    exclusive: false,
    call: async (app, { loadSnapshotChunk }) => ({
      loadSnapshotChunk: await app.loadSnapshotChunk(loadSnapshotChunk!),
    }),
  },
  applySnapshotChunk: {
    exclusive: true,
    call: async (app, { applySnapshotChunk }) => ({
      applySnapshotChunk: await app.applySnapshotChunk(applySnapshotChunk!),
    }),
  },
};

const methods = Object.keys(rules) as readonly Method[];

/** A decoded request with the way to answer it. */
export interface Call {
  readonly method: Method;
  readonly exclusive: boolean;
  readonly run: () => Promise<Answer>;
}

/** @throws ProtocolError unless the frame is one request of ABCI 2.0 */
export function callOf(app: Application, frame: Uint8Array): Call {
  let request: Request;
  try {
    // The decoder copies its input: what the application keeps is no view of the receive buffer.
    request = Request.decode(frame);
  } catch (error) {
    throw new ProtocolError(`a message of ${frame.length} bytes is no ABCI request: ${(error as Error).message}`);
  }
  const [method, ...more] = methods.filter((name) => request[name] !== undefined);
  if (method === undefined) throw new ProtocolError('a request without a method of ABCI 2.0');
  if (more.length > 0) throw new ProtocolError(`a request with the methods ${[method, ...more].join(' and ')} at once`);
  const { exclusive, call } = rules[method];
  return { method, exclusive, run: () => call(app, request) };
}
