import { ScalarType, type DescField, type DescFile, type DescMessage, type DescMethod } from '@bufbuild/protobuf';
import { Option, type Command } from 'commander';
import type { JsonValue } from '../../../runtime/codec/types.js';
import { Failure } from '../failure.js';

/** One flag for each field of a message, and the JSON of the message from the flags: written once for all messages. */

const coin = 'cosmos.base.v1beta1.Coin';
const page = 'cosmos.base.query.v1beta1.PageRequest';

export const kebab = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/_/g, '-')
    .toLowerCase();

/** The comment that stands before a field, message or method in its .proto file, on one line. */
export function comment(desc: DescField | DescMessage | DescMethod): string {
  // Field numbers of descriptor.proto: messages are 4, services 6, fields and methods 2.
  if (desc.kind === 'message') return commentAt(desc.file, [4, desc.file.messages.indexOf(desc)]);
  if (desc.kind === 'rpc') {
    const { file } = desc.parent;
    return commentAt(file, [6, file.services.indexOf(desc.parent), 2, desc.parent.methods.indexOf(desc)]);
  }
  const { file } = desc.parent;
  return commentAt(file, [4, file.messages.indexOf(desc.parent), 2, desc.parent.fields.indexOf(desc)]);
}

function commentAt(file: DescFile, path: readonly number[]): string {
  const location = file.proto.sourceCodeInfo?.location.find(
    (each) => each.path.length === path.length && each.path.every((part, index) => part === path[index]),
  );
  return (location?.leadingComments ?? '').trim().replace(/\s+/g, ' ');
}

/** Short names of an enum: `buy` for SIDE_BUY. */
function enumNames(field: DescField): Map<string, string> {
  const names = new Map<string, string>();
  for (const value of field.enum!.values) {
    if (value.number === 0) continue;
    names.set(kebab(value.name.slice((field.enum!.sharedPrefix ?? '').length)), value.name);
  }
  return names;
}

function placeholder(field: DescField): string {
  if (field.message?.typeName === coin) return '<amount>';
  if (field.message !== undefined) return '<json>';
  if (field.enum !== undefined) return '<name>';
  if (field.scalar === ScalarType.STRING) return '<text>';
  return field.scalar === ScalarType.BYTES ? '<hex>' : '<number>';
}

/** Adds the flags of a message's fields, but those in `skip`. */
export function addFieldFlags(command: Command, type: DescMessage, skip: readonly string[]): void {
  for (const field of type.fields) {
    if (skip.includes(field.name)) continue;
    if (field.message?.typeName === page) {
      command
        .option('--limit <number>', 'items of a page')
        .option('--offset <number>', 'items to skip')
        .option('--page-key <base64>', 'next_key of the page before')
        .option('--reverse', 'last item first');
      continue;
    }
    const help = comment(field);
    const name = `--${kebab(field.name)}`;
    const single = field.fieldKind === 'list' ? '<json array>' : placeholder(field);
    if (field.fieldKind === 'scalar' && field.scalar === ScalarType.BOOL) command.option(name, help);
    else if (field.enum !== undefined && field.fieldKind === 'enum') {
      command.addOption(new Option(`${name} <name>`, help).choices([...enumNames(field).keys()]));
    } else if (field.message?.typeName === coin) {
      command.option(`${name} ${single}`, `${help === '' ? '' : `${help} `}(like 100uusdc)`);
    } else command.option(`${name} ${single}`, help);
  }
}

/** The message's JSON from parsed flags. @throws Failure naming the flag at fault */
export function messageFromFlags(
  type: DescMessage,
  flags: Readonly<Record<string, unknown>>,
  fixed: Readonly<Record<string, JsonValue>>,
): JsonValue {
  const json: { [key: string]: JsonValue } = { ...fixed };
  for (const field of type.fields) {
    if (field.name in fixed) continue;
    if (field.message?.typeName === page) {
      const request: { [key: string]: JsonValue } = {};
      if (flags['limit'] !== undefined) request['limit'] = flags['limit'] as string;
      if (flags['offset'] !== undefined) request['offset'] = flags['offset'] as string;
      if (flags['pageKey'] !== undefined) request['key'] = flags['pageKey'] as string;
      if (flags['reverse'] === true) request['reverse'] = true;
      if (Object.keys(request).length > 0) json[field.name] = request;
      continue;
    }
    const flag = flags[kebab(field.name).replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())];
    if (flag !== undefined) json[field.name] = valueOf(field, flag as string | boolean);
  }
  return json;
}

function valueOf(field: DescField, flag: string | boolean): JsonValue {
  const fail = (what: string): never => {
    throw new Failure(`--${kebab(field.name)}: ${what}`, 2);
  };
  if (typeof flag === 'boolean') return flag;
  if (field.fieldKind === 'list') {
    if (field.message?.typeName === coin && !flag.trim().startsWith('['))
      return flag.split(',').map((each) => parseCoin(each, fail));
    const parsed = parseJson(flag, fail);
    // One alone is a list of one.
    return Array.isArray(parsed) ? parsed : [parsed];
  }
  if (field.message?.typeName === coin) return parseCoin(flag, fail);
  if (field.message !== undefined) return parseJson(flag, fail);
  if (field.enum !== undefined) return enumNames(field).get(flag) ?? flag;
  if (field.scalar === ScalarType.BYTES) {
    if (!/^(0x)?([0-9a-fA-F]{2})*$/.test(flag)) fail('expected hexadecimal');
    return Buffer.from(flag.replace(/^0x/, ''), 'hex').toString('base64');
  }
  if (field.scalar === ScalarType.STRING) return flag;
  if (!/^-?\d+$/.test(flag)) fail(`expected an integer, got ${JSON.stringify(flag)}`);
  return flag;
}

function parseCoin(text: string, fail: (what: string) => never): JsonValue {
  const match = /^(\d+)([a-zA-Z][a-zA-Z0-9/:._-]{2,127})$/.exec(text.trim());
  if (match === null) return fail(`expected an amount and a denomination like 100uusdc, got ${JSON.stringify(text)}`);
  return { denom: match[2]!, amount: match[1]! };
}

function parseJson(text: string, fail: (what: string) => never): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    return fail(`not JSON: ${(error as Error).message}`);
  }
}
