/** 1 where the engine joins pairs of vectors into wider ones: set for each build by `--use` (asconfig.json). */
declare const WIDE: i32;
