/** 1 if the engine joins pairs of vectors, else 0. `--use` in asconfig.json sets it for each build. */
declare const WIDE: i32;
