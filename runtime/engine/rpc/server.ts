import Fastify from 'fastify';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Logger } from '../../log.js';
import { consensusAddress } from '../../crypto/address.js';
import type { EmbeddedEngine } from '../engine.js';
import { InvalidParams, Params, RpcFailure } from './params.js';
import { routes, type Route } from './routes.js';
import { maxClients, Subscriptions } from './subscriptions.js';

export interface RpcOptions {
  readonly engine: EmbeddedEngine;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly moniker: string;
  readonly logger: Logger;
}

export interface RpcServer {
  /** http://host:port */
  readonly url: string;
  close(): Promise<void>;
}

const maxBodyBytes = 4 * 1024 * 1024;
const maxBatch = 100;
/** Calls of one WebSocket that are answered at once. */
const maxPendingCalls = 100;

interface Call {
  readonly jsonrpc?: unknown;
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
}

interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: string;
}

/** CometBFT v0.38's JSON-RPC over HTTP POST, URI and WebSocket. */
export async function serveRpc(options: RpcOptions): Promise<RpcServer> {
  const { engine, logger } = options;
  let address = '';
  const table = routes(engine, () => ({
    nodeId: Buffer.from(consensusAddress(engine.validator.publicKey)).toString('hex'),
    moniker: options.moniker,
    listenAddress: address,
  }));
  const subscriptions = new Subscriptions(engine);

  const answer = (id: unknown, outcome: { result: unknown } | { error: RpcError }) => ({
    jsonrpc: '2.0',
    id: id ?? -1,
    ...outcome,
  });
  const errorOf = (error: unknown, method: string): RpcError => {
    if (error instanceof InvalidParams) return { code: -32602, message: 'Invalid params', data: error.message };
    if (error instanceof RpcFailure) return { code: -32603, message: 'Internal error', data: error.message };
    logger.error({ method, error: String(error), stack: (error as Error).stack }, 'rpc call failed');
    return { code: -32603, message: 'Internal error', data: 'the node could not answer' };
  };
  const run = async (id: unknown, method: string, route: Route, params: Params) => {
    try {
      return answer(id, { result: await route(params) });
    } catch (error) {
      return answer(id, { error: errorOf(error, method) });
    }
  };
  const handle = async (call: Call, socket?: WebSocket) => {
    if (typeof call !== 'object' || call === null || typeof call.method !== 'string') {
      return answer(-1, {
        error: { code: -32600, message: 'Invalid Request', data: 'expected an object with a method' },
      });
    }
    const { method, id } = call;
    if (socket !== undefined && subscriptionMethods.has(method)) return subscription(call, socket);
    const route = Object.hasOwn(table, method) ? table[method] : undefined;
    if (route === undefined)
      return answer(id, { error: { code: -32601, message: 'Method not found', data: method.slice(0, 100) } });
    const { params } = call;
    if (
      params !== undefined &&
      params !== null &&
      (typeof params !== 'object' || (Array.isArray(params) && params.length > 0))
    ) {
      return answer(id, { error: { code: -32602, message: 'Invalid params', data: 'params: expected an object' } });
    }
    return run(id, method, route, new Params(new Map(Object.entries(params ?? {})), false));
  };
  const subscriptionMethods = new Set(['subscribe', 'unsubscribe', 'unsubscribe_all']);
  const subscription = (call: Call, socket: WebSocket) => {
    const query = String((call.params as { query?: unknown } | undefined)?.query ?? '');
    try {
      if (call.method === 'subscribe') subscriptions.subscribe(socket, call.id, query);
      else if (call.method === 'unsubscribe') subscriptions.unsubscribe(socket, query);
      else subscriptions.unsubscribeAll(socket);
      return answer(call.id, { result: {} });
    } catch (error) {
      return answer(call.id, { error: { code: -32603, message: 'Internal error', data: (error as Error).message } });
    }
  };
  /** A call without an id wants no answer. */
  const isNotification = (call: unknown): boolean =>
    typeof call === 'object' &&
    call !== null &&
    typeof (call as Call).method === 'string' &&
    (call as Call).id === undefined;
  const handleText = async (text: string, socket?: WebSocket): Promise<unknown> => {
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch (error) {
      return answer(-1, {
        error: { code: -32700, message: 'Parse error. Invalid JSON', data: (error as Error).message },
      });
    }
    if (!Array.isArray(body)) {
      const reply = await handle(body as Call, socket);
      return isNotification(body) ? undefined : reply;
    }
    if (body.length === 0 || body.length > maxBatch) {
      return answer(-1, {
        error: { code: -32600, message: 'Invalid Request', data: `a batch has 1 to ${maxBatch} calls` },
      });
    }
    const answers = [];
    for (const call of body) {
      const reply = await handle(call as Call, socket);
      if (!isNotification(call)) answers.push(reply);
    }
    return answers.length === 0 ? undefined : answers;
  };

  const server = Fastify({ bodyLimit: maxBodyBytes, forceCloseConnections: true });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  server.addHook('onRequest', async (_request, reply) => {
    void reply.header('access-control-allow-origin', '*');
    void reply.header('access-control-allow-headers', 'content-type');
    void reply.header('access-control-allow-methods', 'GET, POST, OPTIONS');
  });
  server.options('/*', async (_request, reply) => reply.code(204).send());
  server.setErrorHandler<Error & { statusCode?: number }>(async (error, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) {
      const refused = { code: -32600, message: 'Invalid Request', data: error.message };
      return reply.code(status).send(answer(-1, { error: refused }));
    }
    return reply.code(status).send(answer(-1, { error: errorOf(error, request.url.slice(0, 100)) }));
  });
  server.post('/', async (request, reply) => {
    const answered = await handleText(typeof request.body === 'string' ? request.body : '');
    return answered === undefined ? reply.code(204).send() : answered;
  });
  server.get('/', async () => ({ methods: Object.keys(table).sort(), websocket: '/websocket' }));
  server.get<{ Params: { method: string }; Querystring: Record<string, string> }>(
    '/:method',
    async (request, reply) => {
      const { method } = request.params;
      const route = Object.hasOwn(table, method) ? table[method] : undefined;
      if (route === undefined) {
        return reply
          .code(404)
          .send(answer(-1, { error: { code: -32601, message: 'Method not found', data: method.slice(0, 100) } }));
      }
      return run(-1, method, route, new Params(new Map(Object.entries(request.query)), true));
    },
  );

  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxBodyBytes });
  server.server.on('upgrade', (request, socket, head) => {
    if (request.url?.split('?')[0] !== '/websocket' || subscriptions.clientCount >= maxClients) {
      socket.destroy();
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      subscriptions.add(client);
      client.on('close', () => subscriptions.drop(client));
      client.on('error', () => client.terminate());
      let pending = 0;
      client.on('message', (data) => {
        // A client that does not wait for answers must not hold the node's memory with its calls.
        if (++pending > maxPendingCalls) return client.terminate();
        void handleText(String(data), client).then((reply) => {
          pending--;
          if (reply !== undefined) client.send(JSON.stringify(reply));
        });
      });
    });
  });

  const url = await server.listen({ host: options.host, port: options.port });
  address = url.replace('http://', 'tcp://');
  return {
    url,
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      await server.close();
    },
  };
}
