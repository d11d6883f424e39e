/** @file The engines by name, loaded when they are asked for: neither is needed to do without the other. */
import type { Engine, EngineName } from '../engine/engine.ts';
import { failure } from '../errors.ts';

const engines: Record<EngineName, () => Promise<Engine>> = {
  onnx: async () => (await import('../engine/onnx.ts')).onnxEngine,
  tfjs: async () => (await import('../engine/tfjs.ts')).tfjsEngine,
};

/** @throws InklingError `engine-unknown` */
export async function loadEngine(name: string): Promise<Engine> {
  if (!isEngineName(name))
    throw failure('engine-unknown', { engine: name, known: Object.keys(engines).join(', ') });
  return engines[name]();
}

function isEngineName(name: string): name is EngineName {
  return Object.hasOwn(engines, name);
}
