#!/usr/bin/env node
import { CommanderError, type Command } from 'commander';
import { Failure } from './failure.js';
import { program } from './program.js';

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) throwInsteadOfExit(child);
}

const plimsolld = program();
throwInsteadOfExit(plimsolld);
try {
  await plimsolld.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof Failure) {
    process.stderr.write(`plimsolld: ${error.message}\n`);
    process.exitCode = error.exitCode;
  } else {
    process.stderr.write(`plimsolld: ${(error as Error).stack ?? String(error)}\n`);
    process.exitCode = 1;
  }
}
