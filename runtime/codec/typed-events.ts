import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { FatalError } from '../baseapp/errors.js';
import { MessageEvent, type AppEvent, type Attribute } from '../baseapp/events.js';
import type { TypedEventEncoder } from '../baseapp/typed-events.js';
import type { Registry } from './registry.js';

type Fields = Readonly<Record<string, unknown>>;
type Writer = (message: Fields) => readonly Attribute[];

interface FieldPlan {
  readonly name: string;
  readonly property: string;
  readonly write: (value: unknown) => string;
}

/**
 * Event messages as attributes, each field as a JSON text, in field order.
 * Works from the generated objects and the descriptors: no encoding round trip.
 */
export class TypedEvents implements TypedEventEncoder {
  readonly #registry: Registry;
  readonly #writers = new Map<string, Writer>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  event(typeName: string, message: unknown): AppEvent {
    return new MessageEvent(typeName, message as Fields, this.#writer(typeName));
  }

  #writer(typeName: string): Writer {
    let writer = this.#writers.get(typeName);
    if (writer === undefined) {
      if (!this.#registry.has(typeName)) throw new FatalError(`unknown event type ${typeName}`);
      const plan = planOf(this.#registry.message(typeName));
      writer = (fields) => plan.map(({ name, property, write }) => [name, write(fields[property])]);
      this.#writers.set(typeName, writer);
    }
    return writer;
  }
}

function planOf(type: DescMessage): readonly FieldPlan[] {
  return type.fields.map((field) => ({ name: field.name, property: field.localName, write: writerOf(field) }));
}

function writerOf(field: DescField): (value: unknown) => string {
  const single = singleWriter(field);
  if (field.fieldKind === 'list')
    return (value) => `[${((value as unknown[] | undefined) ?? []).map(single).join(',')}]`;
  return single;
}

/** Text that JSON shows as it is. */
const plainText = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
const jsonText = (value: string): string => (plainText.test(value) ? `"${value}"` : JSON.stringify(value));

function singleWriter(field: DescField): (value: unknown) => string {
  if (field.message !== undefined) {
    const parts = planOf(field.message).map(({ name, property, write }, index) => ({
      head: `${index === 0 ? '{' : ','}"${name}":`,
      property,
      write,
    }));
    const empty = parts.length === 0 ? '{' : '';
    return (value) => {
      if (value === undefined) return 'null';
      let text = empty;
      for (const { head, property, write } of parts) text += head + write((value as Fields)[property]);
      return `${text}}`;
    };
  }
  if (field.enum !== undefined) {
    const names = new Map(field.enum.values.map((value) => [value.number, `"${value.name}"`]));
    return (value) => names.get(value as number) ?? String(value);
  }
  if (field.scalar === ScalarType.BYTES) return (value) => `"${Buffer.from(value as Uint8Array).toString('base64')}"`;
  if (field.scalar === ScalarType.STRING)
    return (value) => (typeof value === 'string' ? jsonText(value) : String(value));
  return (value) => (typeof value === 'bigint' ? `"${value}"` : String(value));
}
