import { TriggerSource } from '../../../gen/plimsoll/perps/v1/conditional.js';
import type { Watch } from './store.js';

export const sourceToProto = (source: Watch['source']): TriggerSource =>
  source === 'mark' ? TriggerSource.TRIGGER_SOURCE_MARK : TriggerSource.TRIGGER_SOURCE_LAST;

export const sourceFromProto = (source: TriggerSource): Watch['source'] =>
  source === TriggerSource.TRIGGER_SOURCE_LAST ? 'last' : 'mark';
