import * as grpc from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import type { Registry } from '../codec/registry.js';
import type { Logger } from '../log.js';
import { grpcStatus, ServiceError, type NodeContext, type NodeService } from './node-service.js';
import { EngineUnavailable } from './chain.js';
import { cometService } from './services/comet.js';
import { nodeService } from './services/node.js';
import { txService } from './services/tx.js';

export interface GrpcOptions {
  readonly registry: Registry;
  readonly node: NodeContext;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly logger: Logger;
}

export interface GrpcServer {
  /** host:port */
  readonly address: string;
  close(): Promise<void>;
}

const heightHeader = 'x-cosmos-block-height';
const maxMessageBytes = 10 * 1024 * 1024;

type Handler = (
  request: Uint8Array,
  height: bigint,
) => Promise<{ readonly value: Uint8Array; readonly height: bigint }>;

/**
 * Every query service over gRPC, bytes in and bytes out, with server
 * reflection. The header x-cosmos-block-height pins a query to a height and
 * comes back with the height that answered.
 */
export async function serveGrpc(options: GrpcOptions): Promise<GrpcServer> {
  const { registry, node, logger } = options;
  const own: NodeService = { ...txService(node), ...cometService(node), ...nodeService(node) };
  const server = new grpc.Server({ 'grpc.max_receive_message_length': maxMessageBytes });
  const names: string[] = [];

  for (const service of registry.services()) {
    if (service.isMsgService) continue;
    names.push(service.fullName);
    const definition: Record<string, grpc.MethodDefinition<Buffer, Buffer>> = {};
    const handlers: Record<string, grpc.handleUnaryCall<Buffer, Buffer>> = {};
    for (const { name } of service.methods) {
      const path = `/${service.fullName}/${name}`;
      const identity = (bytes: Buffer): Buffer => bytes;
      definition[name] = {
        path,
        requestStream: false,
        responseStream: false,
        requestSerialize: identity,
        requestDeserialize: identity,
        responseSerialize: identity,
        responseDeserialize: identity,
      };
      const handler = handlerOf(own, path, node);
      handlers[name] = (call, reply) => {
        answer(call, handler).then(
          ({ value, height }) => {
            const metadata = new grpc.Metadata();
            metadata.set(heightHeader, height.toString());
            call.sendMetadata(metadata);
            reply(null, Buffer.from(value));
          },
          (error: unknown) => {
            if (error instanceof ServiceError) reply({ code: error.code, details: error.message });
            else if (error instanceof EngineUnavailable)
              reply({ code: grpcStatus.unavailable, details: error.message });
            else {
              logger.error({ path, error: String(error) }, 'grpc call failed');
              reply({ code: grpcStatus.internal, details: 'the node could not answer' });
            }
          },
        );
      };
    }
    server.addService(definition, handlers);
  }

  // The reflection service reads nothing of a loaded package but its file descriptors.
  const descriptors = { all: { fileDescriptorProtos: registry.fileDescriptors().map((bytes) => Buffer.from(bytes)) } };
  new ReflectionService(descriptors as unknown as ConstructorParameters<typeof ReflectionService>[0], {
    services: names,
  }).addToServer(server);

  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${options.host}:${options.port}`, grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    address: `${options.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        const force = setTimeout(() => server.forceShutdown(), 1_000);
        server.tryShutdown(() => {
          clearTimeout(force);
          resolve();
        });
      }),
  };
}

function handlerOf(own: NodeService, path: string, { app, chain }: NodeContext): Handler {
  const service = own[path];
  if (service !== undefined)
    return async (request) => ({ value: await service(request), height: await chain.height() });
  return async (data, height) => {
    const response = await app.query({ path, data, height, prove: false });
    if (response.code !== 0) throw new ServiceError(statusOf(response.codespace, response.code), response.log);
    return { value: response.value, height: response.height };
  };
}

async function answer(call: grpc.ServerUnaryCall<Buffer, Buffer>, handler: Handler) {
  const [pinned] = call.metadata.get(heightHeader);
  const text = pinned === undefined ? '0' : String(pinned);
  if (!/^\d{1,18}$/.test(text))
    throw new ServiceError(
      grpcStatus.invalidArgument,
      `${heightHeader}: ${JSON.stringify(text.slice(0, 40))} is not a height`,
    );
  return handler(call.request, BigInt(text));
}

/** gRPC status of a registered error. */
function statusOf(codespace: string, code: number): number {
  if (codespace !== 'sdk') return grpcStatus.invalidArgument;
  if (code === 22 || code === 38) return grpcStatus.notFound;
  if (code === 7 || code === 18 || code === 26) return grpcStatus.invalidArgument;
  if (code === 4) return grpcStatus.unauthenticated;
  if (code === 6) return grpcStatus.unimplemented;
  return grpcStatus.unknown;
}
