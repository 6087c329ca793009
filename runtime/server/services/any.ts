import type { Any } from '../../../gen/google/protobuf/any.js';

export const toAny = (typeName: string, value: Uint8Array): Any => ({ typeUrl: `/${typeName}`, value });
