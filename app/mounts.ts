import { consensusStore } from '../runtime/baseapp/consensus-params.js';
import type { StoreMount } from '../runtime/store/types.js';

/** Every store of the chain. Adding or renaming one is an upgrade: it changes the application hash. */
export const mounts: readonly StoreMount[] = [
  { name: 'auth', kind: 'committed' },
  { name: 'backstop', kind: 'committed' },
  { name: 'bank', kind: 'committed' },
  { name: 'charter', kind: 'committed' },
  { name: consensusStore, kind: 'committed' },
  { name: 'distribution', kind: 'committed' },
  { name: 'gov', kind: 'committed' },
  { name: 'insurance', kind: 'committed' },
  { name: 'oracle', kind: 'committed' },
  { name: 'perps', kind: 'committed' },
  { name: 'slashing', kind: 'committed' },
  { name: 'staking', kind: 'committed' },
  { name: 'valset', kind: 'committed' },
  { name: 'transient_insurance', kind: 'transient' },
  { name: 'transient_perps', kind: 'transient' },
];
