// Builds the pinned CometBFT with the Go toolchain of this machine and prints
// the path of the program. The source comes from the Go module proxy; its
// checksum is pinned here and its own go.sum pins what it depends on.
//   node tools/cometbft/build.mjs [--check]
// --check only says whether the program is there. Exit status: 0 the program is
// there, 1 failed, 3 no Go, or one that is too old, 4 the source cannot be fetched.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const noGo = 3;
const noSource = 4;
const here = dirname(fileURLToPath(import.meta.url));
const pin = JSON.parse(readFileSync(join(here, 'pin.json'), 'utf8'));
const cache = resolve(here, '../../.cache', `cometbft-${pin.version}`);
const program = join(cache, 'cometbft');
// Exactly the Go that is installed, no other repository of checksums, no private proxy by accident of the directory.
const environment = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '', GOWORK: 'off', CGO_ENABLED: '0' };

function stop(status, text) {
  process.stderr.write(`cometbft: ${text}\n`);
  process.exit(status);
}

function go(args, directory = cache) {
  return execFileSync('go', args, {
    cwd: directory,
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 26,
  });
}

/** Refuses to go on without a Go that can build the pinned version. */
function requireGo() {
  let text;
  try {
    text = go(['env', 'GOVERSION']);
  } catch (error) {
    if (error.code !== 'ENOENT') stop(1, `go env failed: ${error.message}`);
    stop(
      noGo,
      `Go is not installed. CometBFT ${pin.version} is built from source: install Go ${pin.go} or newer (https://go.dev/dl)`,
    );
  }
  const version = /^go(\d+)\.(\d+)(?:\.(\d+))?/.exec(text.trim());
  if (version === null) stop(noGo, `Go calls itself ${text.trim()}; Go ${pin.go} or newer is needed`);
  const have = version.slice(1).map((part) => Number(part ?? 0));
  const need = pin.go.split('.').map(Number);
  for (const [index, part] of need.entries()) {
    if (have[index] > part) return;
    if (have[index] < part)
      stop(noGo, `Go ${have.join('.')} is too old: CometBFT ${pin.version} needs ${pin.go} or newer`);
  }
}

/** What `go mod download` says of the first module. */
function fetched(args, directory) {
  try {
    const text = go(args, directory);
    return JSON.parse(text.slice(0, text.indexOf('\n}') + 2));
  } catch (error) {
    return stop(
      noSource,
      `the source of ${pin.version} cannot be fetched from the Go module proxy: ${error.message.split('\n')[0]}`,
    );
  }
}

if (existsSync(program)) {
  process.stdout.write(`${program}\n`);
  process.exit(0);
}
mkdirSync(cache, { recursive: true });
requireGo();
if (process.argv.includes('--check')) stop(1, `${program} is not built yet: run make cometbft`);
process.stderr.write(`cometbft: building ${pin.module} ${pin.version}, once\n`);
try {
  const source = fetched(['mod', 'download', '-json', `${pin.module}@${pin.version}`]);
  if (source.Sum !== pin.sum) {
    stop(
      1,
      `${pin.module} ${pin.version} has checksum ${source.Sum}; tools/cometbft/pin.json says ${pin.sum}. Nothing was built`,
    );
  }
  // A copy: the module cache is read-only and is no place to build in. Named by process: two may build at once.
  const work = join(cache, `source-${process.pid}`);
  rmSync(work, { recursive: true, force: true });
  cpSync(source.Dir, work, { recursive: true });
  const made = join(cache, `cometbft-${process.pid}`);
  fetched(['mod', 'download', '-json'], work);
  go(['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', made, './cmd/cometbft'], work);
  execFileSync('chmod', ['-R', 'u+w', work]);
  rmSync(work, { recursive: true, force: true });
  const reported = execFileSync(made, ['version'], { encoding: 'utf8' }).trim();
  if (!reported.startsWith(pin.version.slice(1)))
    stop(1, `the program calls itself ${reported}, expected ${pin.version.slice(1)}`);
  renameSync(made, program);
} catch (error) {
  stop(1, `${pin.version} was not built: ${error.message.split('\n')[0]}`);
}
process.stdout.write(`${program}\n`);
