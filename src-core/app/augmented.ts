/** @file Training images and what augmentation makes of them, as bytes that travel beside the bridge. */
import { AugmentationSpec, type ImageShape } from '../model/spec.ts';
import { tensorOf } from '../data/cache.ts';
import { decodeToTensor } from '../data/decode/decode.ts';
import { imageSize } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import { stream } from '../random.ts';
import { createAugmenter } from '../training/augment.ts';
import type { DatasetId } from '../workspace/records.ts';
import type { Workspace } from '../workspace/workspace.ts';

export type AugmentedRequest = {
  readonly dataset: DatasetId;
  /** Null: the dataset has no images. */
  readonly shape: ImageShape | null;
  /** JSON of an `AugmentationSpec`. */
  readonly augmentation: string;
  readonly seed: number;
  readonly count: number;
};

/** Beside each image: what five epochs would make of it. */
const variants = 5;

/**
 * The pictures that `trainingPaths.augmented` describes, of the first training images there are. Each variant draws
 * from the stream that a run would use in that epoch for a sample of that number.
 *
 * @throws InklingError `setting-invalid`
 */
export async function augmentedPictures(
  workspace: Workspace,
  asked: AugmentedRequest,
): Promise<Uint8Array> {
  const { dataset, shape, seed, count } = asked;
  const spec = parseAugmentation(asked.augmentation);
  if (!shape) return packed([0, variants, 0, 0, 0], []);
  const images = await Promise.all(
    workspace.snapshots
      .forTraining(dataset, count)
      .map(([hash]) => tensorOf(workspace.blobs.get(hash), shape, decodeToTensor)),
  );
  const augmenter = createAugmenter(spec, shape);
  const pictures = images.flatMap((image, sample) => {
    const changed = Array.from({ length: variants }, (_, epoch) => {
      const out = new Uint8Array(imageSize(shape));
      augmenter.apply(image, 0, out, 0, stream(seed, 'augment', epoch, sample));
      return out;
    });
    return [image, ...changed];
  });
  const { channels, height, width } = shape;
  return packed([images.length, variants, channels, height, width], pictures);
}

function parseAugmentation(text: string): AugmentationSpec {
  const parsed = AugmentationSpec.safeParse(json(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const setting = ['augmentation', ...(issue?.path ?? [])].join('.');
  throw failure('setting-invalid', { setting, problem: issue?.message ?? 'it is no description' });
}

/** Undefined, which the schema refuses, for text that is not JSON. */
function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** uint32 little-endian, then the pictures. */
function packed(header: readonly number[], pictures: readonly Uint8Array[]): Uint8Array {
  const head = Buffer.alloc(header.length * 4);
  header.forEach((value, i) => head.writeUInt32LE(value, i * 4));
  return Buffer.concat([head, ...pictures]);
}
