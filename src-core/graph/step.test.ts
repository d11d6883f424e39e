import { describe, expect, it } from 'vitest';
import { defaultActivation } from '../model/activations.ts';
import { initialParams } from '../model/initialize.ts';
import { resolveNetwork } from '../model/layers.ts';
import { presetSpec } from '../model/presets.ts';
import { TrainOptions } from '../model/spec.ts';
import { lower } from './lower.ts';
import { inference } from './network.ts';
import { writeOnnx } from './onnx.ts';
import { ModelProto } from './onnxSchema.ts';
import { packed, packParams, unpacked } from './packing.ts';
import { trainingStep } from './step.ts';
import { topological } from './value.ts';

const input = { channels: 1, height: 12, width: 12 } as const;
const network = resolveNetwork(presetSpec('cnn-32-64', input, 10, defaultActivation('prelu')));
const params = initialParams(network, 1);

describe('packing', () => {
  it('gives every parameter back as it was, each from one place', () => {
    const { trained, statistics } = packParams(network);
    const all = [...trained, ...statistics].map((pack) => unpacked(pack, packed(pack, params)));
    const back: Record<string, unknown> = Object.assign({}, ...all);
    expect(Object.keys(back).sort()).toEqual(Object.keys(params).sort());
    expect(back).toEqual(params);
  });

  it('leaves large tensors alone and packs the small ones', () => {
    const names = packParams(network).trained.map(({ places }) => places.map((p) => p.param.name));
    expect(names[0]).toEqual(['conv2d2/kernel']);
    expect(names.at(-1)).toContain('conv2d1/bias');
  });
});

describe('trainingStep', () => {
  it('takes in every state vector it gives out', () => {
    const options = TrainOptions.parse({ averaging: {} });
    const step = trainingStep(network, options, 4);
    const values = topological(lower(Object.values(step.outputs), 'cpu-training'));
    const inputs = values.flatMap((value) => (value.kind === 'input' ? [value.name] : []));
    const state = step.state.map(({ name }) => name);
    expect(inputs.sort()).toEqual(
      [...state, 'pixels', 'labels', 'rate', 'epsilon', 'averageRate'].sort(),
    );
  });
});

describe('writeOnnx', () => {
  const { logits } = inference(network, params);
  const bytes = writeOnnx({ logits: lower([logits], 'portable')[0]! }, { metadata: { a: 'b' } });

  it('writes opset 17 with an open batch size and its metadata', () => {
    const model = ModelProto.toObject(ModelProto.decode(bytes), { longs: Number });
    expect(model).toMatchObject({
      opsetImport: [{ version: 17 }],
      metadataProps: [{ key: 'a', value: 'b' }],
    });
    const dims = model['graph'].input[0].type.tensorType.shape.dim;
    expect(dims[0]).toEqual({ dimParam: 'batch' });
  });

  it('is the same bytes every time', () => {
    const again = inference(network, params).logits;
    const second = writeOnnx({ logits: lower([again], 'portable')[0]! }, { metadata: { a: 'b' } });
    expect(Buffer.from(second).equals(bytes)).toBe(true);
  });
});
