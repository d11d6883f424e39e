/**
 * @file Where this computer can train and predict, over both engines. A provider that onnxruntime lists may still
 * lack a driver or a graphics card, so each one is really started, in a short-lived process of its own. What kind of
 * process that is, the host knows.
 */
import { listSupportedBackends } from 'onnxruntime-node';
import { z } from 'zod';
import type { Trial } from './deviceTrial.ts';
import type { Device } from './engine.ts';
import { tfjsDevices } from './tfjs/runtime.ts';

/** A process that runs `deviceTrial.ts` for one provider. */
export type TrialProcess = {
  readonly onMessage: (listener: (message: unknown) => void) => void;
  /** Called once, after the last message. */
  readonly onExit: (listener: (exit: TrialExit) => void) => void;
  readonly kill: () => void;
};
export type TrialExit = {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why it could not even be started, or what it wrote to stderr. */
  readonly errorOutput: string;
};
export type StartTrial = (provider: string) => TrialProcess;

/** Every device of both engines, with why and how to get it for those that cannot be used. */
export async function devices(start: StartTrial): Promise<readonly Device[]> {
  const [onnx, tfjs] = await Promise.all([onnxDevices(start), tfjsDevices()]);
  return [...onnx, ...tfjs];
}

type OnnxId = keyof typeof providers;
type Platform = NodeJS.Platform;

/** What there is to know of each onnxruntime provider. `platforms` is null where it exists everywhere. */
const providers = {
  cpu: {
    label: 'CPU',
    training: true,
    platforms: null,
    hint: () => 'Reinstall the program: its onnxruntime files are incomplete.',
  },
  webgpu: {
    label: 'GPU (WebGPU)',
    training: true,
    platforms: null,
    hint: (platform) =>
      webgpuHints[platform] ?? 'WebGPU needs Windows, macOS on Apple silicon, or Linux.',
  },
  cuda: {
    label: 'NVIDIA GPU (CUDA)',
    training: true,
    platforms: ['linux', 'win32'],
    hint: (platform) =>
      platform === 'linux'
        ? 'With an NVIDIA card: install CUDA 12 and cuDNN 9, then run "node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12".'
        : 'Use webgpu instead: it reaches NVIDIA cards too.',
  },
  dml: {
    label: 'GPU (DirectML)',
    training: true,
    platforms: ['win32'],
    hint: (platform) =>
      platform === 'win32'
        ? 'Install Windows 10 version 1903 or newer and the newest driver of the graphics card.'
        : 'Use webgpu instead: DirectML is a part of Windows.',
  },
  coreml: {
    label: 'Apple Neural Engine (CoreML)',
    training: false,
    platforms: ['darwin'],
    hint: (platform) =>
      platform === 'darwin'
        ? 'It needs a Mac with Apple silicon; use cpu otherwise.'
        : 'Use webgpu or cpu instead: CoreML is a part of macOS.',
  },
} as const satisfies Record<string, Provider>;

type Provider = {
  readonly label: string;
  /** CoreML wants constant weights, so it can only predict. */
  readonly training: boolean;
  readonly platforms: readonly Platform[] | null;
  readonly hint: (platform: Platform) => string;
};

const webgpuHints: Partial<Record<Platform, string>> = {
  linux:
    "Install the Vulkan loader and a driver for the graphics card (Debian, Ubuntu: libvulkan1 and mesa-vulkan-drivers, or NVIDIA's own driver).",
  win32: 'Install the newest driver of the graphics card; it has to support Direct3D 12.',
  darwin: 'It needs a Mac with Apple silicon and macOS 13 or newer.',
};

/** The devices of the default engine. */
async function onnxDevices(start: StartTrial): Promise<readonly Device[]> {
  const listed = new Set(listSupportedBackends().map(({ name }) => name));
  const found: Device[] = [];
  // One after another: two drivers starting at once tell us less when one of them fails.
  for (const id of Object.keys(providers).filter(isOnnxId))
    found.push(await describe(id, listed.has(id) ? start : null, process.platform));
  return found;
}

/** @param start null: onnxruntime does not list it. */
async function describe(id: OnnxId, start: StartTrial | null, platform: Platform): Promise<Device> {
  const { label, training, hint }: Provider = providers[id];
  const trial = start ? await tryProvider(start, id) : failed(unlisted(id, platform));
  const common = { engine: 'onnx', id } as const;
  if (!trial.ok)
    return { ...common, label, available: false, reason: trial.reason, hint: hint(platform) };
  const known = trial.software
    ? `${label}, imitated in software by ${trial.software}: slow`
    : label;
  return { ...common, label: known, available: true, training };
}

function unlisted(id: OnnxId, platform: Platform): string {
  const { platforms }: Provider = providers[id];
  if (platforms === null || platforms.includes(platform))
    return 'the installed onnxruntime was built without it';
  return `it exists only on ${platforms.map((name) => platformNames[name] ?? name).join(' and ')}`;
}

const platformNames: Partial<Record<Platform, string>> = {
  linux: 'Linux',
  win32: 'Windows',
  darwin: 'macOS',
};

/** A driver may compile shaders on its first start; what takes longer than this would stall training too. */
const TRIAL_LIMIT_MS = 20_000;

const TrialMessage = z.union([
  z.strictObject({ ok: z.literal(true), software: z.string().nullable() }),
  z.strictObject({ ok: z.literal(false), reason: z.string() }),
]);

/** Starts a provider and computes on it, in another process. Never throws, whatever the driver does. */
export function tryProvider(
  start: StartTrial,
  id: string,
  limitMs = TRIAL_LIMIT_MS,
): Promise<Trial> {
  return new Promise((resolve) => {
    const child = start(id);
    let isLate = false;
    const limit = setTimeout(() => {
      isLate = true;
      child.kill();
    }, limitMs);
    child.onMessage((message) => {
      clearTimeout(limit);
      const { data } = TrialMessage.safeParse(message);
      if (!data) resolve(failed('its trial said something unknown'));
      else resolve(data.ok ? data : failed(plain(data.reason)));
    });
    // After a message this changes nothing: the promise is settled.
    child.onExit((exit) => {
      clearTimeout(limit);
      resolve(failed(isLate ? lateness(limitMs) : ending(exit)));
    });
  });
}

function failed(reason: string): Trial {
  return { ok: false, reason };
}

function lateness(limitMs: number): string {
  return `its driver did not answer within ${limitMs / 1000} seconds`;
}

function ending({ code, signal, errorOutput }: TrialExit): string {
  if (code === null && signal === null) return `its trial could not be started (${errorOutput})`;
  return `its driver crashed when it was tried (${signal ?? `exit code ${code}`})`;
}

/** onnxruntime's messages open with a source file and a function; the words are at the end. */
function plain(reason: string): string {
  if (/Failed to load shared library/.test(reason)) return 'its files are not installed';
  const adapter = /Failed to get a WebGPU adapter: (.*)/.exec(reason)?.[1];
  if (adapter) return `no graphics driver offers it (${adapter.trim()})`;
  return reason.split('\n')[0]!.trim().replace(/\.$/, '');
}

function isOnnxId(id: string): id is OnnxId {
  return Object.hasOwn(providers, id);
}
