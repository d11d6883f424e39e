/**
 * @file A process of its own that starts one onnxruntime provider and reports whether it can compute. A graphics
 * driver that crashes or hangs ends this process and nothing else. Started by the host, for `devices.ts`.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** What the process sends, once. `software` names a driver that only imitates a graphics card, where that is certain. */
export type Trial =
  | { readonly ok: true; readonly software: string | null }
  | { readonly ok: false; readonly reason: string };

/** The smallest model that computes: y = x + x, float32 [2], ONNX opset 13. */
const MODEL =
  'CAg6NQoOCgF4CgF4EgF5IgNBZGQSAWdaDwoBeBIKCggIARIECgIIAmIPCgF5EgoKCAgBEgQKAggCQgIQDQ==';

async function attempt(provider: string): Promise<Trial> {
  try {
    const session = await InferenceSession.create(Buffer.from(MODEL, 'base64'), {
      executionProviders: [provider],
      logSeverityLevel: 4,
      // Else the CPU would quietly compute what the provider does not.
      ...(provider !== 'cpu' && { extra: { session: { disable_cpu_ep_fallback: '1' } } }),
    });
    const { y } = await session.run({ x: new Tensor('float32', [1, 2], [2]) });
    const right = y?.data[0] === 2 && y.data[1] === 4;
    if (!right) return { ok: false, reason: 'it computes wrong values' };
    return { ok: true, software: softwareDriver() };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Vulkan drivers that compute on the CPU, by a part of their library's name. */
const softwareDrivers = { swiftshader: 'SwiftShader', vulkan_lvp: 'llvmpipe' };

/**
 * onnxruntime does not tell which adapter it took, but a driver is a library loaded into this process. With
 * several of them loaded, which one computes cannot be known, and nothing is said.
 */
function softwareDriver(): string | null {
  // Typed as `object` by Node; this is the part of its documented format that is read here.
  const { sharedObjects } = process.report.getReport() as {
    readonly sharedObjects: readonly string[];
  };
  const drivers = sharedObjects.filter((file) => /vk_swiftshader|libvulkan_|GLX_nvidia/.test(file));
  const [only, ...others] = drivers;
  if (!only || others.length > 0) return null;
  return Object.entries(softwareDrivers).find(([part]) => only.includes(part))?.[1] ?? null;
}

/** Electron's end of the channel to its parent, which Node's types do not know. */
type UtilityProcess = { readonly parentPort?: { postMessage(message: unknown): void } };

// The last argument, whatever kind of process this is.
const trial = await attempt(process.argv.at(-1) ?? '');
const { parentPort } = process as UtilityProcess;
if (parentPort) {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a process, not a window
  parentPort.postMessage(trial);
  // Once the message has left.
  setTimeout(() => process.exit(), 100);
} else process.send?.(trial, () => process.exit());
