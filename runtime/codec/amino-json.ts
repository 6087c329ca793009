import {
  fromBinary,
  getOption,
  ScalarType,
  type DescExtension,
  type DescField,
  type DescMessage,
  type Message,
} from '@bufbuild/protobuf';
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import { decOf, decToText } from '../baseapp/dec.js';
import type { Registry } from './registry.js';
import type { JsonValue } from './types.js';

/** Types whose amino JSON is their key alone. */
const publicKeys: ReadonlySet<string> = new Set(['cosmos.crypto.ed25519.PubKey', 'cosmos.crypto.secp256k1.PubKey']);

/**
 * Amino JSON: what Ledger devices sign. Derived from descriptors, so a new
 * message needs only its `amino.name`: original field names, 64-bit integers
 * as strings, smaller ones as numbers, enums as numbers, bytes in base64,
 * decimals with a point, public keys as one text, empty fields left out unless marked `dont_omitempty`, and Any values as
 * {type, value}.
 */
export class AminoJson {
  readonly #registry: Registry;
  readonly #keepEmpty: DescExtension;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#keepEmpty = registry.files.getExtension('amino.dont_omitempty')!;
  }

  /** {type, value} of a message. @throws Error when the type has no amino name */
  message(typeName: string, bytes: Uint8Array): JsonValue {
    const name = this.#registry.aminoName(typeName);
    if (name === undefined) throw new Error(`${typeName} has no amino name and cannot be signed as amino JSON`);
    const type = this.#registry.message(typeName);
    const value = this.#value(type, fromBinary(type, bytes));
    return { type: name, value: publicKeys.has(typeName) ? (value['key'] ?? '') : value };
  }

  /** The bytes that SIGN_MODE_LEGACY_AMINO_JSON signs: keys sorted, `&`, `<` and `>` escaped. */
  signBytes(doc: {
    readonly accountNumber: bigint;
    readonly sequence: bigint;
    readonly chainId: string;
    readonly timeoutHeight: bigint;
    readonly memo: string;
    readonly fee: {
      readonly amount: readonly { readonly denom: string; readonly amount: string }[];
      readonly gasLimit: bigint;
      readonly payer: string;
      readonly granter: string;
    };
    readonly messages: readonly { readonly typeName: string; readonly bytes: Uint8Array }[];
  }): Uint8Array {
    const { fee } = doc;
    const json: JsonValue = {
      account_number: doc.accountNumber.toString(),
      chain_id: doc.chainId,
      fee: {
        amount: fee.amount.map(({ denom, amount }) => ({ amount, denom })),
        gas: fee.gasLimit.toString(),
        ...(fee.granter === '' ? {} : { granter: fee.granter }),
        ...(fee.payer === '' ? {} : { payer: fee.payer }),
      },
      memo: doc.memo,
      msgs: doc.messages.map(({ typeName, bytes }) => this.message(typeName, bytes)),
      sequence: doc.sequence.toString(),
      ...(doc.timeoutHeight === 0n ? {} : { timeout_height: doc.timeoutHeight.toString() }),
    };
    return Buffer.from(sortedJson(json), 'utf8');
  }

  #value(type: DescMessage, message: Message): { [key: string]: JsonValue } {
    const view = reflect(type, message);
    const value: { [key: string]: JsonValue } = {};
    for (const field of type.fields) {
      if (!view.isSet(field)) {
        if (getOption(field, this.#keepEmpty) as boolean) value[field.name] = emptyValue(field);
        continue;
      }
      value[field.name] = this.#field(view, field);
    }
    return value;
  }

  #field(view: ReflectMessage, field: DescField): JsonValue {
    if (field.fieldKind === 'list') {
      const items: JsonValue[] = [];
      for (const item of view.get(field)) items.push(this.#single(field, item));
      return items;
    }
    if (field.fieldKind === 'map') throw new Error(`${field.toString()}: map fields are not allowed`);
    return this.#single(field, view.get(field));
  }

  #single(field: DescField, item: unknown): JsonValue {
    if (field.message !== undefined) {
      const message = (item as ReflectMessage).message;
      if (field.message.typeName !== 'google.protobuf.Any') return this.#value(field.message, message);
      const any = message as Message & { typeUrl: string; value: Uint8Array };
      return this.message(any.typeUrl.slice(any.typeUrl.lastIndexOf('/') + 1), any.value);
    }
    if (this.#registry.json.scalarOf(field) === 'cosmos.Dec') {
      const raw = typeof item === 'string' ? item : Buffer.from(item as Uint8Array).toString('ascii');
      // What is no decimal is refused by its handler; it can be signed all the same.
      return /^-?\d+$/.test(raw) ? decToText(decOf(BigInt(raw))) : raw;
    }
    if (field.scalar === ScalarType.BYTES) return Buffer.from(item as Uint8Array).toString('base64');
    return typeof item === 'bigint' ? item.toString() : (item as string | number | boolean);
  }
}

function emptyValue(field: DescField): JsonValue {
  if (field.fieldKind === 'list') return [];
  if (field.message !== undefined) return {};
  if (field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES) return '';
  if (field.scalar === ScalarType.BOOL) return false;
  return field.enum !== undefined ? 0 : '0';
}

/** JSON with keys sorted by UTF-16 code unit and the three HTML characters escaped, as Go's encoder writes it. */
export function sortedJson(value: JsonValue): string {
  const write = (item: JsonValue): string => {
    if (Array.isArray(item)) return `[${item.map(write).join(',')}]`;
    if (item !== null && typeof item === 'object') {
      const keys = Object.keys(item).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      return `{${keys.map((key) => `${JSON.stringify(key)}:${write(item[key]!)}`).join(',')}}`;
    }
    return JSON.stringify(item);
  };
  return write(value).replaceAll('&', '\\u0026').replaceAll('<', '\\u003c').replaceAll('>', '\\u003e');
}
