import { readFileSync, writeFileSync } from 'node:fs';
import binaryen from 'assemblyscript/binaryen';

/** Exports every function of the wide code, so that each can be handed to the optimising compiler by itself. */
const file = new URL('../build/wide.wasm', import.meta.url);
const module = binaryen.readBinary(readFileSync(file));
for (let i = 0; i < module.getNumFunctions(); i++) {
  const { name, module: imported } = binaryen.getFunctionInfo(module.getFunctionByIndex(i));
  if (!imported) module.addFunctionExport(name, `function ${i}`);
}
writeFileSync(file, module.emitBinary());
