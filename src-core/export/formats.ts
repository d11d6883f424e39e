/** @file The formats a network can be exported to. Adding one is adding a row; tests iterate the table. */
import { failure } from '../errors.ts';
import { cFormat, cInt8Format } from './cFormat.ts';
import type { Format } from './format.ts';
import { kerasFormat } from './kerasFormat.ts';
import { onnxFormat } from './onnxFormat.ts';
import { onnxInt8Format } from './onnxInt8Format.ts';
import { onnxPrunedFormat } from './onnxPrunedFormat.ts';
import { pytorchFormat } from './pytorchFormat.ts';
import { tfjsFormat } from './tfjsFormat.ts';
import { webFormat } from './webFormat.ts';

export const formats = {
  onnx: onnxFormat,
  'onnx-int8': onnxInt8Format,
  'onnx-pruned': onnxPrunedFormat,
  web: webFormat,
  tfjs: tfjsFormat,
  keras: kerasFormat,
  pytorch: pytorchFormat,
  c: cFormat,
  'c-int8': cInt8Format,
} satisfies Record<string, Format>;

export type FormatName = keyof typeof formats;

export function isFormatName(name: string): name is FormatName {
  return Object.hasOwn(formats, name);
}

/** Whether its networks are pruned before they are written. */
export function isPrunedFormat(name: FormatName): boolean {
  const format: Format = formats[name];
  return format.isPruned ?? false;
}

/** @throws InklingError `export-format-unknown` */
export function parseFormatName(name: string): FormatName {
  if (isFormatName(name)) return name;
  throw failure('export-format-unknown', { format: name, known: Object.keys(formats).join(', ') });
}
