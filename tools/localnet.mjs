// A network of four validators on this host: CometBFT, plimsolld and a price
// daemon for each, and one process of made-up exchanges that the daemons ask.
//   node tools/localnet.mjs start|stop|clean
// start goes on with what is in .localnet (FRESH=1 starts over). Each node's
// directory holds the logs and the ids of its processes.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const directory = resolve(process.env.LOCALNET_DIR ?? '.localnet');
const plimsolld = resolve('dist/cmd/plimsolld/main.js');
const validators = process.env.LOCALNET_VALIDATORS ?? '4';
const startingPort = process.env.LOCALNET_PORT ?? '26656';
/** Ten ports for each node, then one for the exchanges. */
const exchanges = `127.0.0.1:${Number(startingPort) + 10 * Number(validators)}`;
const readyHeight = 3;
const readyMs = 120_000;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

function stop(status, text) {
  process.stderr.write(`localnet: ${text}\n`);
  process.exit(status);
}

const homes = () =>
  existsSync(directory)
    ? readdirSync(directory)
        .filter((name) => existsSync(join(directory, name, 'config', 'genesis.json')))
        .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
        .map((name) => join(directory, name))
    : [];

/** The process that `start` began, if it lives: an id alone may be another process' by now. */
function running(home, name) {
  const file = join(home, `${name}.pid`);
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8'));
  const { stdout } = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.includes(home) ? pid : undefined;
}

function launch(home, name, command, args) {
  const log = openSync(join(home, `${name}.log`), 'a');
  const child = spawn(command, args, { stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  writeFileSync(join(home, `${name}.pid`), `${child.pid}\n`);
  child.unref();
}

async function end(home, name) {
  const pid = running(home, name);
  if (pid !== undefined) {
    process.kill(pid, 'SIGTERM');
    const until = Date.now() + 8_000;
    while (running(home, name) !== undefined && Date.now() < until) await sleep(100);
    if (running(home, name) !== undefined) process.kill(pid, 'SIGKILL');
  }
  rmSync(join(home, `${name}.pid`), { force: true });
}

/** CometBFT first: it may hang when its application goes while it stops. */
async function stopAll() {
  await Promise.all(
    homes().map(async (home) => {
      await end(home, 'cometbft');
      await end(home, 'plimsolld');
      await end(home, 'prices');
    }),
  );
  await end(directory, 'exchanges');
}

const setting = (home, file, pattern) => pattern.exec(readFileSync(join(home, 'config', file), 'utf8'))?.[1];
const rpcOf = (home) => setting(home, 'client.toml', /^node = "(.*)"$/m);

async function height(rpc) {
  try {
    const response = await fetch(`${rpc}/status`, { signal: AbortSignal.timeout(2_000) });
    return Number((await response.json()).result.sync_info.latest_block_height);
  } catch {
    return -1;
  }
}

const tail = (file) => (existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-8).join('\n') : '');

async function start() {
  const build = spawnSync(process.execPath, ['tools/cometbft/build.mjs'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (build.status !== 0)
    stop(
      build.status ?? 1,
      'a network needs CometBFT itself. Without Go, "make devnet" runs one validator on the embedded engine',
    );
  const cometbft = build.stdout.trim();
  if (homes().some((home) => running(home, 'plimsolld') !== undefined))
    stop(1, `runs already in ${directory}: make localnet-stop ends it`);
  if (process.env.FRESH === '1') rmSync(directory, { recursive: true, force: true });
  if (homes().length === 0) {
    execFileSync(
      process.execPath,
      [
        plimsolld,
        'testnet',
        'init-files',
        '--validators',
        validators,
        '--output-dir',
        directory,
        '--chain-id',
        'plimsoll-localnet-1',
        '--starting-port',
        startingPort,
        '--exchanges',
        `http://${exchanges}`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
  }
  const nodes = homes();
  launch(directory, 'exchanges', process.execPath, [
    plimsolld,
    'prices',
    'simulate',
    '--laddr',
    exchanges,
    // Names the process as this network's.
    '--seed',
    directory,
  ]);
  for (const home of nodes) {
    launch(home, 'prices', process.execPath, [plimsolld, 'prices', 'start', '--home', home]);
    launch(home, 'plimsolld', process.execPath, [plimsolld, 'start', '--home', home]);
    // It retries until the application listens.
    launch(home, 'cometbft', cometbft, ['start', '--home', home]);
  }
  process.stderr.write(`localnet: ${nodes.length} validators start in ${directory}\n`);
  const until = Date.now() + readyMs;
  for (const home of nodes) {
    while ((await height(rpcOf(home))) < readyHeight) {
      const dead = ['plimsolld', 'cometbft', 'prices'].find((name) => running(home, name) === undefined);
      if (dead !== undefined || Date.now() > until) {
        const name = dead ?? 'cometbft';
        const why = tail(join(home, `${name}.log`));
        await stopAll();
        stop(
          1,
          `${home}: ${dead === undefined ? `not at height ${readyHeight} after ${readyMs / 1000} s` : `${dead} ended`}\n${why}`,
        );
      }
      await sleep(200);
    }
  }
  const rows = nodes.map(
    (home) => `  ${home}  RPC ${rpcOf(home)}  gRPC ${setting(home, 'app.toml', /\[grpc\]\naddress = "(.*)"/)}`,
  );
  const newest = Math.max(...(await Promise.all(nodes.map((home) => height(rpcOf(home))))));
  process.stdout.write(`${rows.join('\n')}

Logs are in each directory; alice, bob, carol and maker are in each keyring. Try:
  node ${plimsolld} query perps markets --home ${nodes[0]}
make localnet-stop ends it, make localnet-clean removes it.

ready at height ${newest}
`);
}

const [, , command] = process.argv;
if (command === 'start') await start();
else if (command === 'stop') await stopAll();
else if (command === 'clean') {
  await stopAll();
  if (homes().length > 0) rmSync(directory, { recursive: true, force: true });
} else stop(2, 'expected start, stop or clean');
