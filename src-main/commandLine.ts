/** @file From the words of the command line to a verb and its exit code. */
import { Command, CommanderError } from 'commander';
import { createApp, requireWorkspace } from '../src-core/app.ts';
import { Stopped } from './following.ts';
import { defaultWorkspace, nodePorts } from './nodeHost.ts';
import { commandOptions, commonOptions, optionValues } from './options.ts';
import { createTerminal, errorText } from './terminal.ts';
import { verbs, type Verb } from './verbs.ts';

const USAGE_EXIT = 2;
const INTERRUPTED_EXIT = 130;

/** @returns the exit code */
export async function main(words: readonly string[]): Promise<number> {
  const program = new Command('inkling')
    .description('Label, train, compare, inspect and export small image classifiers.')
    .exitOverride()
    .showHelpAfterError('Add --help to see what there is.')
    .configureOutput({
      // Like every other failure: a code, and one line for what happened.
      outputError: (text, write) => write(`error usage: ${text.replace(/^error: /, '')}`),
    });
  let exitCode = 0;
  for (const verb of verbs)
    addVerb(program, verb, (isShort) => {
      if (isShort) exitCode = 1;
    });
  try {
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_EXIT;
    if (error instanceof Stopped) {
      process.stderr.write(`${error.message} Continue with: inkling resume ${error.run}\n`);
      return INTERRUPTED_EXIT;
    }
    process.stderr.write(errorText(error));
    return 1;
  }
}

function addVerb(program: Command, verb: Verb, ended: (isShort: boolean) => void): void {
  const command = program
    .command(`${verb.name} ${verb.arguments}`.trim())
    .description(verb.summary);
  command.exitOverride();
  for (const option of commandOptions({ ...verb.options, ...commonOptions }))
    command.addOption(option);
  command.action(async () => ended(await runVerb(verb, command)));
}

/** True: it came to less than was asked for. */
async function runVerb(verb: Verb, command: Command): Promise<boolean> {
  const { workspace, json } = optionValues(commonOptions, command.opts());
  const options = optionValues(verb.options, command.opts());
  const terminal = createTerminal(json);
  // Inkling's own folder is made when it is first needed; one that was typed may be mistyped.
  if (workspace !== undefined && !verb.begins) requireWorkspace(workspace);
  const app = createApp(workspace ?? defaultWorkspace(process.env), nodePorts());
  try {
    const result = await verb.run({ app, terminal, args: command.args, options });
    terminal.result(result);
    return verb.fellShort?.(result) ?? false;
  } finally {
    terminal.endProgress();
    await app.close();
  }
}
