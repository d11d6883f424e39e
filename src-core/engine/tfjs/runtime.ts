/**
 * @file Finds and loads TensorFlow.js, which is not part of the product: the native binding is the user's to
 * install, the plain JavaScript backend is there in development. tfjs keeps one global engine per process, so
 * every computation first says on which backend it runs.
 */
import util from 'node:util';
import { failure } from '../../errors.ts';
import type { Device } from '../engine.ts';
import type * as TensorFlow from '@tensorflow/tfjs';

export type TF = typeof TensorFlow;

/** A loaded TensorFlow.js together with the backend to use. */
export type Runtime = {
  readonly tf: TF;
  /** Runs `compute` on this backend and frees every tensor it made but those it returns or keeps. */
  run<T>(compute: () => T): Promise<T>;
};

type DeviceId = 'cpu' | 'tensorflow';
type Loaded = { readonly tf: TF; readonly name: string };
type Missing = { readonly name: string; readonly reason: string };

/** Which packages can serve a device, the better one first, and what to do when none does. */
const sources = {
  tensorflow: {
    label: 'TensorFlow, native',
    packages: ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'],
    hint: 'Run "npm install @tensorflow/tfjs-node" (or tfjs-node-gpu, on Linux with CUDA 11) where the program is installed; "npm rebuild" repeats a failed download; on Windows it has to be compiled.',
  },
  cpu: {
    label: 'TensorFlow.js, plain JavaScript',
    packages: ['@tensorflow/tfjs'],
    hint: 'Run "npm install @tensorflow/tfjs" where the program is installed; it is slow, and meant for checking.',
  },
} as const satisfies Record<DeviceId, unknown>;

/**
 * Loads TensorFlow.js for a device.
 *
 * @throws InklingError `device-unavailable` when no package for it is installed or none of them loads.
 */
export async function loadRuntime(device: string): Promise<Runtime> {
  if (!isDeviceId(device))
    throw failure('device-unavailable', {
      device,
      reason: 'the tfjs engine does not know it',
      hint: `Choose one of ${Object.keys(sources).join(', ')}, or the onnx engine.`,
    });
  const { loaded, missing } = await load(device);
  if (!loaded)
    throw failure('device-unavailable', {
      device,
      reason: reasons(missing),
      hint: sources[device].hint,
    });
  return { tf: loaded.tf, run: (compute) => runOn(loaded.tf, device, compute) };
}

/** The places where TensorFlow.js can or could compute. */
export async function tfjsDevices(): Promise<readonly Device[]> {
  return [await describe('tensorflow'), await describe('cpu')];
}

/** Puts back the functions that Node 23 removed from `util` and that tfjs-node 4.22 still calls (tensorflow/tfjs #8609). */
export function restoreUtil(target: object): void {
  const removed = {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
    isString: (value: unknown) => typeof value === 'string',
    isObject: (value: unknown) => typeof value === 'object' && value !== null,
  };
  for (const [name, test] of Object.entries(removed))
    if (!Object.hasOwn(target, name)) Object.defineProperty(target, name, { value: test });
}

async function describe(device: DeviceId): Promise<Device> {
  const { label, hint } = sources[device];
  const { loaded, missing } = await load(device);
  const common = { engine: 'tfjs', id: device } as const;
  if (!loaded) return { ...common, label, available: false, reason: reasons(missing), hint };
  return { ...common, label: `${label} (${loaded.name})`, available: true, training: true };
}

async function load(
  device: DeviceId,
): Promise<{ readonly loaded: Loaded | null; readonly missing: readonly Missing[] }> {
  restoreUtil(util);
  const missing: Missing[] = [];
  for (const name of sources[device].packages) {
    try {
      const tf = await importTensorFlow(name);
      tf.enableProdMode(); // silences the banner that recommends tfjs-node
      if (await tf.setBackend(device)) return { loaded: { tf, name }, missing };
      missing.push({ name, reason: `has no backend "${device}"` });
    } catch (error) {
      missing.push({ name, reason: loadProblem(error) });
    }
  }
  return { loaded: null, missing };
}

async function importTensorFlow(name: string): Promise<TF> {
  // The native packages have the interface of @tensorflow/tfjs, but no types here, as they are not installed.
  const module = (await import(name)) as TF & { readonly default?: TF };
  return module.default ?? module;
}

function loadProblem(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const absent = /^Cannot find (package|module) '@tensorflow/.test(text);
  const first = text.split('\n')[0]!.trim().replace(/\.$/, '');
  return absent ? 'is not installed' : `does not load (${first})`;
}

function reasons(missing: readonly Missing[]): string {
  return missing.map(({ name, reason }) => `${name} ${reason}`).join('; ');
}

async function runOn<T>(tf: TF, device: DeviceId, compute: () => T): Promise<T> {
  await tf.setBackend(device);
  // tidy looks for tensors in any object it is given; its type asks for an index signature that ours need not have.
  return tf.tidy(compute as () => TensorFlow.TensorContainer) as T;
}

function isDeviceId(device: string): device is DeviceId {
  return Object.hasOwn(sources, device);
}
