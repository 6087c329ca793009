import {
  fromBinary,
  getOption,
  ScalarType,
  toBinary,
  type DescExtension,
  type DescField,
  type DescMessage,
  type FileRegistry,
  type Message,
} from '@bufbuild/protobuf';
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import type { Any } from '@bufbuild/protobuf/wkt';
import { decFromText, decOf, decToText } from '../baseapp/dec.js';
import type { JsonValue } from './types.js';

const anyName = 'google.protobuf.Any';
const maxDepth = 32;

type JsonObject = { [key: string]: JsonValue };

/**
 * Where the Cosmos SDK's JSON differs from plain proto JSON: decimals have a
 * point and 18 places, integers kept as bytes are digits, and a type URL is a
 * slash and a name.
 */
export class CosmosJson {
  readonly #files: FileRegistry;
  readonly #scalar: DescExtension;
  /** Types in which something differs, found once. */
  readonly #differs = new Map<string, boolean>();

  constructor(files: FileRegistry, scalar: DescExtension) {
    this.#files = files;
    this.#scalar = scalar;
  }

  /** What `cosmos_proto.scalar` says of a field; empty when nothing. */
  scalarOf(field: DescField): string {
    return getOption(field, this.#scalar) as string;
  }

  /** Rewrites plain proto JSON of a type, in place. */
  toCosmos(type: DescMessage, json: JsonValue): JsonValue {
    return this.#walk(type, json, (field, text) => {
      const raw = field.scalar === ScalarType.BYTES ? Buffer.from(text, 'base64').toString('ascii') : text;
      if (raw === '') return '';
      return this.scalarOf(field) === 'cosmos.Dec' ? decToText(decOf(BigInt(raw))) : raw;
    });
  }

  /** The plain proto JSON of what `toCosmos` returned, as a copy. @throws Error naming the field at fault */
  fromCosmos(type: DescMessage, json: JsonValue): JsonValue {
    if (!this.#isDifferent(type)) return json;
    return this.#walk(type, structuredClone(json), (field, text) => {
      let raw = text;
      if (text !== '' && this.scalarOf(field) === 'cosmos.Dec') {
        try {
          raw = decFromText(text).toString();
        } catch (error) {
          throw new Error(`${field.toString()}: ${(error as Error).message}`, { cause: error });
        }
      }
      return field.scalar === ScalarType.BYTES ? Buffer.from(raw, 'ascii').toString('base64') : raw;
    });
  }

  /** Takes the host off the type URLs that the JSON reader wrote, in place, inside of packed values too. */
  fixTypeUrls(type: DescMessage, message: Message, depth = 0): void {
    if (!this.#isDifferent(type)) return;
    if (depth > maxDepth) throw new Error(`${type.typeName}: nested deeper than ${maxDepth}`);
    if (type.typeName === anyName) {
      const any = message as Any;
      const name = any.typeUrl.slice(any.typeUrl.lastIndexOf('/') + 1);
      if (name === '') return;
      any.typeUrl = `/${name}`;
      const inner = this.#files.getMessage(name);
      if (inner === undefined || !this.#isDifferent(inner)) return;
      const value = fromBinary(inner, any.value);
      this.fixTypeUrls(inner, value, depth + 1);
      any.value = toBinary(inner, value);
      return;
    }
    const view = reflect(type, message);
    for (const field of type.fields) {
      if (field.message === undefined || !view.isSet(field)) continue;
      if (field.fieldKind === 'list') {
        for (const item of view.get(field)) {
          this.fixTypeUrls(field.message, (item as ReflectMessage).message, depth + 1);
        }
      } else if (field.fieldKind === 'message') {
        this.fixTypeUrls(field.message, view.get(field).message, depth + 1);
      }
    }
  }

  #walk(type: DescMessage, json: JsonValue, change: (field: DescField, text: string) => string, depth = 0): JsonValue {
    if (json === null || typeof json !== 'object' || Array.isArray(json)) return json;
    if (depth > maxDepth) throw new Error(`${type.typeName}: nested deeper than ${maxDepth}`);
    if (type.typeName === anyName) {
      const url = json['@type'];
      const inner = typeof url === 'string' ? this.#files.getMessage(url.slice(url.lastIndexOf('/') + 1)) : undefined;
      return inner === undefined ? json : this.#walk(inner, json, change, depth + 1);
    }
    if (!this.#isDifferent(type)) return json;
    for (const field of type.fields) {
      for (const name of field.name === field.jsonName ? [field.name] : [field.name, field.jsonName]) {
        if (!Object.hasOwn(json, name)) continue;
        const value = (json as JsonObject)[name]!;
        const single = (item: JsonValue): JsonValue => {
          if (field.message !== undefined) return this.#walk(field.message, item, change, depth + 1);
          return typeof item === 'string' && this.#isNumeric(field) ? change(field, item) : item;
        };
        (json as JsonObject)[name] = Array.isArray(value) ? value.map(single) : single(value);
      }
    }
    return json;
  }

  #isNumeric(field: DescField): boolean {
    const scalar = this.scalarOf(field);
    return scalar === 'cosmos.Dec' || (scalar === 'cosmos.Int' && field.scalar === ScalarType.BYTES);
  }

  #isDifferent(type: DescMessage): boolean {
    let found = this.#differs.get(type.typeName);
    if (found === undefined) {
      found = this.#search(type, new Set());
      this.#differs.set(type.typeName, found);
    }
    return found;
  }

  /** Does the type, or one it holds, differ? Types may hold themselves. */
  #search(type: DescMessage, seen: Set<string>): boolean {
    if (type.typeName === anyName) return true;
    if (seen.has(type.typeName)) return false;
    seen.add(type.typeName);
    return type.fields.some(
      (field) => this.#isNumeric(field) || (field.message !== undefined && this.#search(field.message, seen)),
    );
  }
}
