export * from './agent.ts';
export * from './config.ts';
export * from './errors.ts';
export * from './evaluate.ts';
export * from './events.ts';
export * from './train.ts';
