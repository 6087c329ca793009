import {
  createFileRegistry,
  fromBinary,
  fromJson,
  getOption,
  toBinary,
  toJson,
  type DescExtension,
  type DescMessage,
  type FileRegistry,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { CanonicalChecker } from './canonical.js';
import { CosmosJson } from './cosmos-json.js';
import type { JsonValue, ProtoRegistry } from './types.js';

export interface MethodInfo {
  readonly name: string;
  readonly inputType: string;
  readonly outputType: string;
}

export interface ServiceInfo {
  readonly fullName: string;
  readonly isMsgService: boolean;
  readonly methods: readonly MethodInfo[];
}

/** The chain's message types and services, from the descriptor image that the build embeds. */
export class Registry implements ProtoRegistry {
  readonly files: FileRegistry;
  readonly #fileBytes: readonly Uint8Array[];
  readonly #canonical: CanonicalChecker;
  readonly #signers: DescExtension;
  readonly #msgService: DescExtension;
  readonly #aminoName: DescExtension;
  readonly json: CosmosJson;

  constructor(image: Uint8Array) {
    const set = fromBinary(FileDescriptorSetSchema, image);
    this.files = createFileRegistry(set);
    this.#fileBytes = set.file.map((file) => toBinary(FileDescriptorProtoSchema, file));
    this.#canonical = new CanonicalChecker((name) => this.files.getMessage(name));
    this.#signers = this.#extension('cosmos.msg.v1.signer');
    this.#msgService = this.#extension('cosmos.msg.v1.service');
    this.#aminoName = this.#extension('amino.name');
    this.json = new CosmosJson(this.files, this.#extension('cosmos_proto.scalar'));
  }

  has(typeName: string): boolean {
    return this.files.getMessage(typeName) !== undefined;
  }

  /** @throws Error for a type that no .proto file of the chain describes */
  message(typeName: string): DescMessage {
    const message = this.files.getMessage(typeName);
    if (message === undefined) throw new Error(`unknown message type ${typeName}`);
    return message;
  }

  toJson(typeName: string, bytes: Uint8Array): JsonValue {
    const type = this.message(typeName);
    const plain = toJson(type, fromBinary(type, bytes), {
      registry: this.files,
      useProtoFieldName: true,
      alwaysEmitImplicit: true,
    }) as JsonValue;
    return this.json.toCosmos(type, plain);
  }

  fromJson(typeName: string, json: JsonValue): Uint8Array {
    const type = this.message(typeName);
    const message = fromJson(type, this.json.fromCosmos(type, json), { registry: this.files });
    this.json.fixTypeUrls(type, message);
    return toBinary(type, message);
  }

  assertCanonical(typeName: string, bytes: Uint8Array): void {
    this.#canonical.check(typeName, bytes);
  }

  signerFields(typeName: string): readonly string[] {
    return getOption(this.message(typeName), this.#signers) as string[];
  }

  /** The name that amino-JSON documents give a type; undefined when it has none. */
  aminoName(typeName: string): string | undefined {
    const name = getOption(this.message(typeName), this.#aminoName) as string;
    return name === '' ? undefined : name;
  }

  /** All services, in file order. */
  services(): readonly ServiceInfo[] {
    const found: ServiceInfo[] = [];
    for (const type of this.files) {
      if (type.kind !== 'service') continue;
      found.push({
        fullName: type.typeName,
        isMsgService: getOption(type, this.#msgService) as boolean,
        methods: type.methods.map((method) => ({
          name: method.name,
          inputType: method.input.typeName,
          outputType: method.output.typeName,
        })),
      });
    }
    return found;
  }

  /** google.protobuf.FileDescriptorProto of each file, for server reflection. */
  fileDescriptors(): readonly Uint8Array[] {
    return this.#fileBytes;
  }

  #extension(name: string): DescExtension {
    const extension = this.files.getExtension(name);
    if (extension === undefined) throw new Error(`the descriptor image lacks the option ${name}`);
    return extension;
  }
}

/** @param imageBase64 google.protobuf.FileDescriptorSet, base64: `descriptorImage` of gen/image.ts */
export function createRegistry(imageBase64: string): Registry {
  return new Registry(Buffer.from(imageBase64, 'base64'));
}
