/** @file What an ONNX file of this program says of itself; `names` is the key that other programs look for. */

export const metadataKeys = {
  /** JSON: a list of strings. */
  classes: 'inkling.classes',
  plainClasses: 'names',
  /** JSON: a ModelSpec. */
  spec: 'inkling.spec',
  snapshotHash: 'inkling.snapshotHash',
  parametersHash: 'inkling.parametersHash',
  programVersion: 'inkling.version',
  /** Numbers, where the network was exported with them. */
  temperature: 'inkling.temperature',
  unsureBelow: 'inkling.unsureBelow',
  sparsity: 'inkling.sparsity',
  /** JSON: a list of layer names. */
  floatLayers: 'inkling.floatLayers',
} as const;
