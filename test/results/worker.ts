import { compareOnce, type Path } from '../simulation/compare/compare.js';
import type { Answer } from './pool.js';

const answer = (value: Answer): void => void process.send!(value);

process.on('message', (path: Path) => {
  compareOnce(path).then(
    (found) => answer({ found }),
    (error: unknown) => answer({ failed: (error as Error).stack ?? String(error) }),
  );
});
