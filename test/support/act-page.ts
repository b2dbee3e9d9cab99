import * as act from '../../src/agent/act/index.ts';

Object.assign(globalThis, { act });
