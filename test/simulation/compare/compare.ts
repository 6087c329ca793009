import { oursId, runCells } from './cells.js';
import { meanOf, type VenueFigures } from './figures.js';
import { cases, setupOf } from './setup.js';

/** One path, and the cells that run on it besides ours. */
export interface Path {
  readonly caseId: string;
  readonly seed: string;
  readonly holders: number;
  readonly cells: readonly string[];
}

/** By cell, ours included. */
export type Compared = Readonly<Record<string, VenueFigures>>;

/** The same people, prices and books for every cell. @throws Error naming a case or cell that does not exist */
export function compareOnce({ caseId, seed, holders, cells }: Path): Promise<Compared> {
  const each = cases.find(({ id }) => id === caseId);
  if (each === undefined)
    throw new Error(`there is no case ${caseId}; there are ${cases.map(({ id }) => id).join(', ')}`);
  return runCells(setupOf(each, seed, holders), seed, cells);
}

/** The mean of each cell over paths. */
export const meansOf = (runs: readonly Compared[], cells: readonly string[]): Compared =>
  Object.fromEntries([oursId, ...cells].map((id) => [id, meanOf(runs.map((run) => run[id]!))]));
