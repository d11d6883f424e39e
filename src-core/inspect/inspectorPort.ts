/** @file What an inspector process is given by its host, and what the handler of a call works with. */
import type { Engine } from '../engine/engine.ts';
import type { ImageShape } from '../model/spec.ts';
import type { CallInput, CallName, CallOutput, FromInspector, NetworkSource } from './messages.ts';
import type { OpenNetwork, StoredNetwork } from './openNetwork.ts';

/** A file of another program, opened: it predicts, and shows nothing of its inside. */
export type OpenFile = {
  readonly input: ImageShape;
  readonly classes: readonly string[];
  /** uint8 [N, C, H, W] → [N, classes] */
  predict(pixels: Uint8Array): Promise<Float32Array>;
  dispose(): Promise<void>;
};

/** Samples of a snapshot, as the tensor cache has them. */
export type SampleFile = {
  readonly readPixels: (range: { readonly start: number; readonly end: number }) => Uint8Array;
};

/** The inspector's side of the connection to the main process, and what only a host can give. */
export type InspectorPort = {
  readonly send: (message: FromInspector) => void;
  readonly onMessage: (listener: (message: unknown) => void) => void;
  readonly loadEngine: (name: string) => Promise<Engine>;
  readonly readNetwork: (path: string) => Promise<StoredNetwork>;
  readonly openFile: (path: string) => Promise<OpenFile>;
  readonly openSamples: (folder: string, snapshot: string) => SampleFile;
  /** Writes files of a run: the work of the call `export`, which this part of the program does not know. */
  readonly exportRun: (
    work: unknown,
    call: { readonly progress: (done: number, total: number) => void },
  ) => Promise<unknown>;
  /** Resolves after waiting messages have had their turn. */
  readonly breathe: () => Promise<void>;
};

/** What a handler works with. */
export type Call = {
  readonly port: InspectorPort;
  readonly signal: AbortSignal;
  readonly progress: (done: number, total: number) => void;
  readonly network: (source: NetworkSource) => Promise<OpenNetwork>;
  readonly file: (path: string) => Promise<OpenFile>;
};

export type Handlers = {
  readonly [K in CallName]: (input: CallInput<K>, call: Call) => Promise<CallOutput<K>>;
};
