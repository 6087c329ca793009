import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { sdkErrors } from '../baseapp/errors.js';

/**
 * One message, one encoding. Protobuf readers accept many byte strings for
 * the same message; a transaction must have exactly one, or its hash, its
 * signature and its meaning come apart. The walker knows the descriptors and
 * refuses everything a canonical writer does not produce.
 */

const enum Wire {
  Varint = 0,
  Fixed64 = 1,
  Bytes = 2,
  Fixed32 = 5,
}

interface FieldRule {
  readonly name: string;
  readonly wire: Wire;
  readonly repeated: boolean;
  /** Repeated scalar numbers travel in one chunk. */
  readonly packed: boolean;
  /** A zero value must be left out. */
  readonly implicit: boolean;
  readonly oneof: string | undefined;
  readonly kind: 'bool' | 'uint32' | 'int32' | 'varint64' | 'enum' | 'fixed' | 'string' | 'bytes' | 'message';
  readonly message: string | undefined;
  readonly enumNumbers: ReadonlySet<number> | undefined;
}

interface MessageRule {
  readonly fields: ReadonlyMap<number, FieldRule>;
}

const maxDepth = 32;
const utf8 = new TextDecoder('utf-8', { fatal: true });

export class CanonicalChecker {
  readonly #rules = new Map<string, MessageRule>();

  constructor(readonly describe: (typeName: string) => DescMessage | undefined) {}

  /** @throws AppError sdk/2 naming the message, the field and the fault */
  check(typeName: string, bytes: Uint8Array): void {
    this.#walk(typeName, bytes, 0, bytes.length, 0);
  }

  #walk(typeName: string, bytes: Uint8Array, start: number, end: number, depth: number): void {
    if (depth > maxDepth) throw fault(typeName, `nested deeper than ${maxDepth}`);
    const rule = this.#rule(typeName);
    const isAny = typeName === 'google.protobuf.Any';
    let anyType = '';
    let anyValue: readonly [number, number] | undefined;
    const cursor = new Cursor(bytes, start, end, typeName);
    let last = 0;
    let oneofs: Set<string> | undefined;
    while (cursor.at < end) {
      const tag = cursor.uint32('tag');
      const number = tag >>> 3;
      const wire = tag & 7;
      const field = rule.fields.get(number);
      if (field === undefined) throw fault(typeName, `unknown field number ${number}`);
      if (wire !== field.wire)
        throw fault(typeName, `field ${field.name} has wire type ${wire}, expected ${field.wire}`);
      if (number < last) throw fault(typeName, `field ${field.name} is out of order`);
      if (number === last && (!field.repeated || field.packed))
        throw fault(typeName, `field ${field.name} appears twice`);
      if (field.oneof !== undefined && number !== last) {
        oneofs ??= new Set();
        if (oneofs.has(field.oneof)) throw fault(typeName, `more than one field of ${field.oneof} is set`);
        oneofs.add(field.oneof);
      }
      last = number;
      if (field.packed) {
        const stop = cursor.length(field.name);
        if (stop === cursor.at) throw fault(typeName, `field ${field.name} is empty and must be left out`);
        const items = new Cursor(bytes, cursor.at, stop, typeName);
        while (items.at < stop) checkNumber(items, field);
        cursor.at = stop;
      } else if (field.wire === Wire.Bytes) {
        const stop = cursor.length(field.name);
        const length = stop - cursor.at;
        if (length === 0 && field.implicit) throw fault(typeName, `field ${field.name} is empty and must be left out`);
        if (field.kind === 'message') this.#walk(field.message!, bytes, cursor.at, stop, depth + 1);
        else if (field.kind === 'string') checkText(bytes, cursor.at, stop, typeName, field.name);
        if (isAny && number === 1) anyType = Buffer.from(bytes.subarray(cursor.at, stop)).toString('latin1');
        if (isAny && number === 2) anyValue = [cursor.at, stop];
        cursor.at = stop;
      } else {
        const zero = checkNumber(cursor, field);
        if (zero && field.implicit) throw fault(typeName, `field ${field.name} is zero and must be left out`);
      }
    }
    if (isAny && (anyType !== '' || anyValue !== undefined)) {
      const name = anyType.slice(anyType.lastIndexOf('/') + 1);
      if (!anyType.startsWith('/') || this.describe(name) === undefined) {
        throw fault(typeName, `unable to resolve type URL ${anyType}`);
      }
      if (anyValue !== undefined) this.#walk(name, bytes, anyValue[0], anyValue[1], depth + 1);
    }
  }

  #rule(typeName: string): MessageRule {
    let rule = this.#rules.get(typeName);
    if (rule === undefined) {
      const message = this.describe(typeName);
      if (message === undefined) throw fault(typeName, 'unknown message type');
      rule = { fields: new Map(message.fields.map((field) => [field.number, ruleOf(field)])) };
      this.#rules.set(typeName, rule);
    }
    return rule;
  }
}

function fault(typeName: string, what: string): Error {
  return sdkErrors.txDecode(`${typeName}: ${what}`);
}

/** Reads tags, varints and lengths between two offsets. */
class Cursor {
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
    readonly end: number,
    readonly typeName: string,
  ) {}

  /** A minimal varint below 2^32. */
  uint32(name: string): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.at >= this.end) throw fault(this.typeName, `${name} is cut short`);
      const byte = this.bytes[this.at++]!;
      if (shift === 28 && byte > 0x0f) throw fault(this.typeName, `${name} is not below 2^32`);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (byte === 0 && shift > 0) throw fault(this.typeName, `${name} is not a minimal varint`);
        return value >>> 0;
      }
    }
    throw fault(this.typeName, `${name} is not below 2^32`);
  }

  /** The offset behind a length-delimited field whose length comes next. */
  length(name: string): number {
    const length = this.uint32(`length of field ${name}`);
    if (this.at + length > this.end) throw fault(this.typeName, `field ${name} runs past the end`);
    return this.at + length;
  }
}

/** Checks one number of a field; returns whether it is zero. */
function checkNumber(cursor: Cursor, field: FieldRule): boolean {
  const { bytes, end, typeName } = cursor;
  if (field.wire === Wire.Fixed32 || field.wire === Wire.Fixed64) {
    const stop = cursor.at + (field.wire === Wire.Fixed32 ? 4 : 8);
    if (stop > end) throw fault(typeName, `field ${field.name} is cut short`);
    let zero = true;
    for (; cursor.at < stop; cursor.at++) zero &&= bytes[cursor.at] === 0;
    return zero;
  }
  const start = cursor.at;
  let byte = 0;
  do {
    if (cursor.at >= end) throw fault(typeName, `field ${field.name} is cut short`);
    if (cursor.at - start === 10) throw fault(typeName, `field ${field.name} is longer than ten bytes`);
    byte = bytes[cursor.at++]!;
  } while (byte >= 0x80);
  const length = cursor.at - start;
  if (length > 1 && byte === 0) throw fault(typeName, `field ${field.name} is not a minimal varint`);
  if (length === 10 && byte !== 1) throw fault(typeName, `field ${field.name} is not below 2^64`);
  if (field.kind === 'varint64') return length === 1 && byte === 0;
  const low = new Cursor(bytes, start, cursor.at, typeName);
  if (field.kind === 'bool') {
    if (length > 1 || byte > 1) throw fault(typeName, `field ${field.name} is not a bool`);
    return byte === 0;
  }
  // Negative 32-bit integers and enums are ten bytes of sign extension: no message of ours has them.
  const value = low.uint32(`field ${field.name}`);
  if (field.kind === 'int32' && value > 0x7fffffff)
    throw fault(typeName, `field ${field.name} is not a 32-bit integer`);
  if (field.kind === 'enum' && !field.enumNumbers!.has(value)) {
    throw fault(typeName, `field ${field.name} has unknown enum value ${value}`);
  }
  return value === 0;
}

function checkText(bytes: Uint8Array, start: number, end: number, typeName: string, name: string): void {
  for (let i = start; i < end; i++) {
    if (bytes[i]! >= 0x80) {
      try {
        utf8.decode(bytes.subarray(start, end));
      } catch {
        throw fault(typeName, `field ${name} is not valid UTF-8`);
      }
      return;
    }
  }
}

function ruleOf(field: DescField): FieldRule {
  if (field.fieldKind === 'map')
    throw new Error(`${field.toString()}: map fields have no canonical order and are not allowed`);
  const list = field.fieldKind === 'list';
  const kind = list ? field.listKind : field.fieldKind;
  const base = {
    name: field.name,
    repeated: list,
    oneof: field.oneof?.name,
    implicit: !list && field.presence === FeatureSet_FieldPresence.IMPLICIT && kind !== 'message',
    message: undefined,
    enumNumbers: undefined,
  };
  if (kind === 'message') {
    return {
      ...base,
      implicit: false,
      wire: Wire.Bytes,
      packed: false,
      kind: 'message',
      message: field.message!.typeName,
    };
  }
  if (kind === 'enum') {
    const enumNumbers = new Set(field.enum!.values.map((value) => value.number));
    return { ...base, wire: list ? Wire.Bytes : Wire.Varint, packed: list, kind: 'enum', enumNumbers };
  }
  const [scalarKind, wire] = scalarRule(field.scalar!);
  const packed = list && wire !== Wire.Bytes;
  if (packed && scalarKind === 'fixed')
    throw new Error(`${field.toString()}: packed fixed-width numbers are not used here`);
  return { ...base, wire: packed ? Wire.Bytes : wire, packed, kind: scalarKind };
}

function scalarRule(type: ScalarType): readonly [FieldRule['kind'], Wire] {
  switch (type) {
    case ScalarType.STRING:
      return ['string', Wire.Bytes];
    case ScalarType.BYTES:
      return ['bytes', Wire.Bytes];
    case ScalarType.BOOL:
      return ['bool', Wire.Varint];
    case ScalarType.UINT32:
    case ScalarType.SINT32:
      return ['uint32', Wire.Varint];
    case ScalarType.INT32:
      return ['int32', Wire.Varint];
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
      return ['varint64', Wire.Varint];
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
    case ScalarType.DOUBLE:
      return ['fixed', Wire.Fixed64];
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
    case ScalarType.FLOAT:
      return ['fixed', Wire.Fixed32];
  }
}
