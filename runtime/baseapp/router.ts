import type { Registry } from '../codec/registry.js';
import { fromBech32, operatorPrefix, toBech32 } from '../crypto/address.js';
import { encodeMessage } from '../store/encode.js';
import type { Context } from './context.js';
import { sdkErrors } from './errors.js';
import type { Handlers, ServiceDefinition, ServiceRegistrar, WireType } from './module.js';

interface Route {
  readonly requestType: WireType<unknown>;
  readonly responseType: WireType<unknown>;
  readonly responseName: string;
  readonly handle: (ctx: Context, request: unknown) => unknown;
}

/** Field to read signers from, and the type to go on in when it is a message. */
interface SignerPath {
  readonly property: string;
  readonly nested: readonly SignerPath[] | undefined;
}

export interface MessageResult {
  /** Full name of the response type. */
  readonly typeName: string;
  readonly bytes: Uint8Array;
}

/** Knows every message and query of the chain by name. */
export class Router implements ServiceRegistrar {
  readonly #registry: Registry;
  readonly #messages = new Map<string, Route>();
  readonly #queries = new Map<string, Route>();
  readonly #signers = new Map<string, readonly SignerPath[]>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  msgs<D extends ServiceDefinition>(definition: D, handlers: Handlers<D>): void {
    this.#register(definition, handlers, (method, input, route) => {
      this.#signers.set(input, this.#signerPaths(input));
      this.#messages.set(input, route);
    });
  }

  queries<D extends ServiceDefinition>(definition: D, handlers: Handlers<D>): void {
    this.#register(definition, handlers, (method, input, route) => {
      this.#queries.set(`/${definition.fullName}/${method}`, route);
    });
  }

  /** True when some module answers the query path, `/package.Service/Method`. */
  hasQuery(path: string): boolean {
    return this.#queries.has(path);
  }

  /** Decodes a message. @throws AppError sdk/6 when no module handles its type */
  decode(typeName: string, bytes: Uint8Array): unknown {
    const route = this.#messages.get(typeName);
    if (route === undefined) throw sdkErrors.unknownRequest(`unrecognized message type /${typeName}`);
    return route.requestType.decode(bytes);
  }

  /** Addresses (bech32) that must sign a message, in field order. */
  signersOf(typeName: string, message: unknown): string[] {
    const found: string[] = [];
    collect(this.#signers.get(typeName)!, message, found);
    return found;
  }

  /** Runs a decoded message. @throws AppError of the module */
  execute(ctx: Context, typeName: string, message: unknown): MessageResult {
    const route = this.#messages.get(typeName)!;
    const response = route.handle(ctx, message);
    return { typeName: route.responseName, bytes: encodeMessage(route.responseType, response) };
  }

  /** Answers a query. @throws AppError: sdk/6 for an unknown path, sdk/18 for bytes that do not decode */
  query(ctx: Context, path: string, data: Uint8Array): Uint8Array {
    const route = this.#queries.get(path);
    if (route === undefined) throw sdkErrors.unknownRequest(`unknown query path ${path}`);
    let request: unknown;
    try {
      request = route.requestType.decode(data);
    } catch (error) {
      throw sdkErrors.invalidRequest(`${path}: request does not decode: ${(error as Error).message}`);
    }
    return route.responseType.encode(route.handle(ctx, request)).finish();
  }

  #register<D extends ServiceDefinition>(
    definition: D,
    handlers: Handlers<D>,
    add: (method: string, input: string, route: Route) => void,
  ): void {
    const service = this.#registry.services().find(({ fullName }) => fullName === definition.fullName);
    if (service === undefined) throw new Error(`no .proto file describes service ${definition.fullName}`);
    for (const [property, method] of Object.entries(definition.methods)) {
      const { inputType, outputType } = service.methods.find(({ name }) => name === method.name)!;
      add(method.name, inputType, {
        requestType: method.requestType,
        responseType: method.responseType,
        responseName: outputType,
        handle: handlers[property as keyof typeof handlers] as Route['handle'],
      });
    }
  }

  #signerPaths(typeName: string): readonly SignerPath[] {
    const fields = this.#registry.signerFields(typeName);
    if (fields.length === 0) throw new Error(`${typeName} names no signer`);
    const type = this.#registry.message(typeName);
    return fields.map((name) => {
      const field = type.fields.find((each) => each.name === name);
      if (field === undefined) throw new Error(`${typeName} has no signer field ${name}`);
      return {
        property: field.localName,
        nested: field.message === undefined ? undefined : this.#signerPaths(field.message.typeName),
      };
    });
  }
}

function collect(paths: readonly SignerPath[], message: unknown, found: string[]): void {
  for (const { property, nested } of paths) {
    const value = (message as Readonly<Record<string, unknown>>)[property];
    if (nested === undefined) found.push(accountOf(value as string));
    else for (const item of Array.isArray(value) ? value : [value]) collect(nested, item, found);
  }
}

/** An operator signs with its account: the same bytes under another prefix. What is no address fails where signers are looked up. */
function accountOf(text: string): string {
  if (!text.startsWith(`${operatorPrefix}1`)) return text;
  try {
    return toBech32(fromBech32(text, operatorPrefix));
  } catch {
    return text;
  }
}
