/** @file What figures were measured on: without it they mean nothing. */
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os';
import { nodePorts } from '../src-main/nodeHost.ts';

/** One paragraph: date, processor, memory, system, versions, and how busy the machine was already. */
export function machine(): string {
  const { versions, threads } = nodePorts();
  const all = cpus();
  const parts = [
    new Date().toISOString().slice(0, 10),
    all[0]?.model.trim() ?? 'unknown processor',
    `${all.length} logical cores, ${threads} used`,
    `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    `${type()} ${release()} ${arch()}`,
    `Node ${versions['node']}`,
    `onnxruntime ${versions['onnxruntime']}`,
    `Inkling ${versions['inkling']}`,
    `load before ${loadavg()[0]!.toFixed(1)}`,
  ];
  return parts.join(' · ');
}
