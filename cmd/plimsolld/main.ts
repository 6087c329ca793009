#!/usr/bin/env node
import { CommanderError, type Command } from 'commander';
import { AppError } from '../../runtime/baseapp/errors.js';
import { StoreError } from '../../runtime/store/errors.js';
import { Failure } from './failure.js';
import { program } from './program.js';

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) throwInsteadOfExit(child);
}

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const plimsolld = program();
throwInsteadOfExit(plimsolld);
try {
  await plimsolld.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof Failure) {
    process.stderr.write(`plimsolld: ${error.message}\n`);
    process.exitCode = error.exitCode;
  } else if (error instanceof StoreError || error instanceof AppError) {
    process.stderr.write(`plimsolld: ${error.message}\n`);
    process.exitCode = 1;
  } else {
    process.stderr.write(`plimsolld: ${(error as Error).stack ?? String(error)}\n`);
    process.exitCode = 1;
  }
}
