#!/usr/bin/env node
import { runProgram } from '../../cli/command-line.js';
import { buildServiceBench } from './command.js';

process.exitCode = await runProgram(buildServiceBench, process.argv.slice(2));
