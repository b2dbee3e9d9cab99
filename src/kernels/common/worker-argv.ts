/** Options of Node.js that say how modules are loaded, and what is said of it: those with a value, those without. */
const VALUED =
  /^(?:-r|-C|--(?:import|require|loader|experimental-loader|conditions|disable-warning))$/;
const ALONE = /^--(?:enable-source-maps|preserve-symlinks|no-warnings|trace-warnings)$/;

/**
 * The options of a process that its threads need: those that load modules. Others are about the program of the process,
 * such as `--input-type` of `-e`, with which no thread can load a file, or are refused by threads.
 * @param execArgv as `process.execArgv`
 */
export function workerArgv(execArgv: readonly string[]): string[] {
  return execArgv.flatMap((option, i) => {
    const [name, value] = option.split('=', 2);
    if (ALONE.test(option) || (value !== undefined && VALUED.test(name))) return [option];
    return VALUED.test(option) && i + 1 < execArgv.length ? [option, execArgv[i + 1]] : [];
  });
}
