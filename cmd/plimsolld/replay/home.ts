import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.js';
import type { ReplayInputs } from './inputs.js';

/** Where a replay keeps what survives it. */
export interface Home {
  readonly state: string;
  readonly blocks: string;
  readonly journal: string;
}

const manifestName = 'replay.json';

/** What must be equal for a replay to continue another one. */
interface Manifest {
  readonly format: 2;
  readonly prices: readonly { readonly symbol: string; readonly sha256: string }[];
  readonly class: string;
  readonly accounts: number;
  readonly seed: string;
  readonly blocksPerBar: number;
}

/**
 * Opens a home: a new one for these inputs, or the one of an earlier session
 * of the same replay. @throws Failure naming --home and what differs
 */
export function openHome(path: string, inputs: ReplayInputs): Home {
  const manifest = manifestOf(inputs);
  const file = join(path, manifestName);
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
    if (existsSync(file)) requireSame(path, JSON.parse(readFileSync(file, 'utf8')) as Manifest, manifest);
    else {
      if (readdirSync(path).some((name) => !name.endsWith('.tmp'))) {
        throw new Failure(`--home ${path}: holds something that is not a replay; name an empty directory`);
      }
      writeFileSync(`${file}.tmp`, `${JSON.stringify(manifest, null, 2)}\n`);
      renameSync(`${file}.tmp`, file);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`--home ${path}: ${(error as Error).message}`);
  }
  return { state: join(path, 'state'), blocks: join(path, 'blocks'), journal: join(path, 'journal.ndjson') };
}

function manifestOf({ prices, className, accounts, seed, blocksPerBar }: ReplayInputs): Manifest {
  return {
    format: 2,
    prices: prices.map(({ symbol, digest }) => ({ symbol, sha256: digest })),
    class: className,
    accounts,
    seed,
    blocksPerBar,
  };
}

function requireSame(path: string, found: Manifest, wanted: Manifest): void {
  for (const field of Object.keys(wanted) as (keyof Manifest)[]) {
    const [was, is] = [JSON.stringify(found[field]), JSON.stringify(wanted[field])];
    if (was !== is)
      throw new Failure(`--home ${path}: holds a replay with other inputs: ${field} is ${was} there and ${is} here`);
  }
}
