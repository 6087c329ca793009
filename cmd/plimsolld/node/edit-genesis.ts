import { existsSync, writeFileSync } from 'node:fs';
import type { AppState } from '../../../app/genesis.js';
import { parseGenesis, type GenesisDoc } from '../../../runtime/engine/genesis-doc.js';
import { paths } from '../config.js';
import { Failure } from '../failure.js';
import { checkGenesis } from './init.js';
import { readGenesis } from './open.js';

/**
 * Changes the genesis of a home on which no chain has begun. It is written
 * only if a chain would start from it.
 * @param edit changes the state in place and says what else of the document is new
 * @param blame what stands before the text of what is wrong
 * @throws Failure naming what is wrong
 */
export async function editGenesis(
  home: string,
  edit: (state: AppState) => Partial<GenesisDoc>,
  blame = '',
): Promise<void> {
  const { genesis: path, genesisHash } = paths(home);
  if (existsSync(genesisHash))
    throw new Failure(`${home} has a chain that began with its genesis: start over with another --home`);
  const genesis = readGenesis(path);
  const state = structuredClone(genesis.app_state);
  const doc = parseGenesis({ ...genesis, ...edit(state), app_state: state });
  try {
    await checkGenesis(doc);
  } catch (error) {
    throw new Failure(`${blame}${(error as Error).message}`);
  }
  writeFileSync(path, `${JSON.stringify(doc, null, 2)}\n`);
}
