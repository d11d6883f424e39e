/** @file How long an idle thread of onnxruntime waits for work before it sleeps. */

/**
 * For `extra` of a session's options. onnxruntime's own 1000 µs take a core from whatever else runs. Medians of a step
 * on two cores, November 2026: `mlp-128-64` 0.93 ms with 1000, 0.88 with 100, 1.11 with 20, 1.31 without waiting; beside
 * one busy program, `cnn-32-64` 75 ms with 1000 and about 60 with 10 to 200.
 */
export const briefSpin = { intra_op: { spin_duration_us: '100' } } as const;
