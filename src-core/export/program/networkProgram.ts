/** @file The program of a trained network, for one image, with the values of its layers kept where they are shown. */
import { forward, type Trace } from '../../graph/network.ts';
import { constant, type Value } from '../../graph/value.ts';
import { flatLayers, resolveNetwork, type Layer, type Param } from '../../model/layers.ts';
import type { TrainedNetwork } from '../format.ts';
import type { Program } from './program.ts';
import { programOf } from './programOf.ts';

/** @param shown keeps what each layer put out, to be looked at after the last instruction. */
export function networkProgram({ spec, params }: TrainedNetwork, shown: boolean): Program {
  const network = resolveNetwork(spec);
  const param = ({ name }: Param): Value => {
    const value = params[name];
    if (!value) throw new Error(`no value for parameter ${name}`);
    return constant(value.shape, value.data);
  };
  const { probabilities, traces } = forward(network, {
    batchSize: 1,
    param,
    training: false,
    traced: shown,
  });
  return programOf(probabilities, shown ? shownValues(traces, flatLayers(network.layers)) : []);
}

/** Layers as people see them: a linear one whose batch normalization follows is only half of a layer. */
function shownValues(traces: readonly Trace[], layers: readonly Layer[]) {
  const isHalf = ({ layer, activation }: Trace): boolean =>
    activation.name === 'linear' && layers[layers.indexOf(layer) + 1]?.kind === 'batchNorm';
  return traces
    .filter((trace) => trace.layer.name !== 'output' && !isHalf(trace))
    .map(({ layer, after }) => ({ layer, value: after }));
}
