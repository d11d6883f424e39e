/**
 * @file The catalogue of every failure a user can meet: a code, one sentence of what happened with the
 * actual values, and one sentence of what to do. Anything not listed here is a defect and keeps its stack.
 */

type Entry<P> = (params: P) => { readonly message: string; readonly hint: string };

export const catalogue = {
  'file-exists': (p: { path: string }) => ({
    message: `There is already a file at ${p.path}.`,
    hint: 'Choose another name, or remove that file first.',
  }),
  'workspace-missing': (p: { folder: string }) => ({
    message: `There is no workspace at ${p.folder}.`,
    hint: 'Check the spelling of the path, or make a new workspace there with import, sample, open-capsule, demo or serve.',
  }),
  'workspace-newer': (p: { folder: string; found: number; known: number }) => ({
    message: `The workspace ${p.folder} was made by a newer version (schema ${p.found}, known here up to ${p.known}).`,
    hint: 'Update the program, or choose another workspace; nothing was changed.',
  }),
  'workspace-damaged': (p: { folder: string; problem: string }) => ({
    message: `The database of the workspace ${p.folder} cannot be read: ${p.problem}.`,
    hint: 'Put back a backup of inkling.db, or choose another workspace.',
  }),
  'workspace-in-use': (p: { folder: string }) => ({
    message: `The workspace ${p.folder} is being written by another process.`,
    hint: 'Close the other window or command and try again; reading is possible meanwhile.',
  }),
  'workspace-unusable': (p: { folder: string; problem: string }) => ({
    message: `The workspace ${p.folder} cannot be opened: ${p.problem}.`,
    hint: 'Choose a folder that you may read and write.',
  }),
  'disk-full': (p: { folder: string }) => ({
    message: `There is no space left on the disk of ${p.folder}.`,
    hint: 'Free some space and try again.',
  }),
  'import-running': (p: { folder: string }) => ({
    message: `An import into the workspace ${p.folder} is already under way.`,
    hint: 'Wait until it is done, or cancel it.',
  }),
  'dataset-unknown': (p: { name: string; known: string }) => ({
    message: `There is no dataset ${p.name}.`,
    hint: `Datasets in this workspace: ${p.known}.`,
  }),
  'dataset-unexportable': (p: { name: string; problem: string }) => ({
    message: `The dataset ${p.name} cannot be written in this format: ${p.problem}.`,
    hint: 'Choose another format, for example a folder per class.',
  }),
  'call-invalid': (p: { problem: string }) => ({
    message: `What was asked for cannot be done: ${p.problem}.`,
    hint: 'Correct it and try again.',
  }),
  'access-denied': (p: { reason: string }) => ({
    message: `This page is refused: ${p.reason}.`,
    hint: 'Open the address that Inkling printed when it started.',
  }),
  'page-missing': (p: { path: string }) => ({
    message: `There is no page ${p.path}.`,
    hint: 'Open the address that Inkling printed when it started.',
  }),
  'build-failed': (p: { problem: string }) => ({
    message: `The app could not be built: ${p.problem}.`,
    hint: 'Run npm ci, then try again.',
  }),
  'port-taken': (p: { port: number }) => ({
    message: `The port ${p.port} is in use by another program.`,
    hint: 'Choose another one with --port, or leave it out.',
  }),
  'upload-path': (p: { path: string }) => ({
    message: `The file ${p.path} cannot be uploaded under this name.`,
    hint: 'Rename it, or pack it into a ZIP, and try again.',
  }),
  'upload-too-large': (p: { path: string; limit: number }) => ({
    message: `The file ${p.path} is too large: ${p.limit} bytes is the limit.`,
    hint: 'Split it into smaller files, or import it on the command line.',
  }),
  'upload-limit': (p: { problem: string }) => ({
    message: `The upload is refused: ${p.problem}.`,
    hint: 'Pack the files into a ZIP and upload that, or restart Inkling to clear old uploads.',
  }),
  'upload-unknown': (p: { upload: string }) => ({
    message: `There is no upload ${p.upload}.`,
    hint: 'Choose the files again.',
  }),
  'dataset-gone': () => ({
    message: 'This dataset is no longer there.',
    hint: 'Choose another dataset; this one was removed.',
  }),
  'dataset-exists': (p: { name: string }) => ({
    message: `There is already a dataset ${p.name}.`,
    hint: 'Choose another name.',
  }),
  'class-gone': () => ({
    message: 'This class is no longer in the dataset.',
    hint: 'Choose another class; this one was merged or removed.',
  }),
  'class-exists': (p: { name: string }) => ({
    message: `There is already a class ${p.name}.`,
    hint: 'Choose another name, or merge the two classes.',
  }),
  'class-in-use': (p: { name: string; count: number }) => ({
    message: `The class ${p.name} cannot be removed: it still has ${p.count} images.`,
    hint: 'Merge it into another class, or label its images otherwise first.',
  }),
  'image-gone': () => ({
    message: 'An image is no longer in the dataset.',
    hint: 'Clear the selection and choose again among the images that are there.',
  }),
  'view-gone': () => ({
    message: 'This view of the images is no longer open.',
    hint: 'Apply the filter again.',
  }),
  'page-invalid': (p: { problem: string }) => ({
    message: `These thumbnails cannot be made: ${p.problem}.`,
    hint: 'Ask for fewer tiles, or tiles of 16 to 64 pixels.',
  }),
  'selection-too-large': (p: { count: number; limit: number }) => ({
    message: `${p.count} images are too many to select one by one; the limit is ${p.limit}.`,
    hint: 'Clear the selection and filter instead: a change then applies to all that the filter leaves.',
  }),
  'shares-invalid': (p: { sum: number }) => ({
    message: `The shares of training, validation and test add up to ${p.sum} instead of 1.`,
    hint: 'Choose shares that add up to 100 %.',
  }),
  'run-unknown': (p: { run: string }) => ({
    message: `There is no run ${p.run}.`,
    hint: 'List the runs to see their names, which look like r12.',
  }),
  'snapshot-unknown': (p: { hash: string }) => ({
    message: `There is no snapshot ${p.hash}.`,
    hint: 'Freeze the dataset again by starting a new run.',
  }),
  'dataset-untrainable': (p: { name: string; problem: string }) => ({
    message: `The dataset ${p.name} cannot be trained on: ${p.problem}.`,
    hint: 'Label images of at least two classes, and leave some of them for training.',
  }),
  'cache-missing': (p: { file: string; problem: string }) => ({
    message: `The tensor cache ${p.file} cannot be used: ${p.problem}.`,
    hint: 'Start the run again; the cache is then rebuilt.',
  }),
  'path-missing': (p: { path: string }) => ({
    message: `There is nothing at ${p.path}.`,
    hint: 'Check the spelling of the path.',
  }),
  'path-unreadable': (p: { path: string; reason: string }) => ({
    message: `${p.path} cannot be read: ${p.reason}.`,
    hint: 'Check that you may read it and that its disk is still connected.',
  }),
  'format-unknown': (p: { path: string }) => ({
    message: `${p.path} is not a dataset that can be imported.`,
    hint: 'Give a folder or ZIP with one folder per class, an IDX file, or a .csv or .jsonl list.',
  }),
  'no-images': (p: { path: string; skipped: number; firstReason: string | null }) => ({
    message:
      p.firstReason === null
        ? `No images in ${p.path}.`
        : `None of the ${p.skipped} files in ${p.path} can be used; the first: ${p.firstReason}`,
    hint: 'Put the images of each class in a folder of their own, for example 7/scan-01.png.',
  }),
  'too-many-files': (p: { path: string; limit: number }) => ({
    message: `${p.path} holds more than ${p.limit} files.`,
    hint: 'Import a part of it at a time, for example one folder after another.',
  }),
  'too-many-classes': (p: { path: string; count: number; limit: number }) => ({
    message: `${p.path} has ${p.count} classes, and a dataset can have ${p.limit}.`,
    hint: 'Check that the folders, or the label column, name classes and not single images.',
  }),
  'idx-truncated': (p: { path: string; expected: number; found: number }) => ({
    message: `${p.path} ends early: ${p.expected} bytes expected, ${p.found} found.`,
    hint: 'Download or copy the file again.',
  }),
  'idx-invalid': (p: { path: string; problem: string }) => ({
    message: `${p.path} is not a usable IDX file: ${p.problem}.`,
    hint: 'Images must be IDX3 and labels IDX1, both of unsigned bytes, as the original MNIST files are.',
  }),
  'idx-count': (p: { images: string; imageCount: number; labels: string; labelCount: number }) => ({
    message: `${p.images} holds ${p.imageCount} images, but ${p.labels} holds ${p.labelCount} labels.`,
    hint: 'Put the label file that belongs to these images beside them.',
  }),
  'idx-unpaired': (p: { path: string }) => ({
    message: `${p.path} holds labels, but the images they belong to are not beside it.`,
    hint: 'Put the image file beside it, with the same name but "images-idx3" for "labels-idx1".',
  }),
  'idx-several': (p: { path: string; sets: string }) => ({
    message: `${p.path} holds several datasets: ${p.sets}.`,
    hint: 'Import one of them by giving its image file, or put it in a folder of its own.',
  }),
  'archive-damaged': (p: { path: string; problem: string }) => ({
    message: `The ZIP file ${p.path} is damaged or of an unknown kind: ${p.problem}.`,
    hint: 'Download it again, or unpack it and import the folder.',
  }),
  'archive-escape': (p: { path: string; entry: string }) => ({
    message: `The ZIP file ${p.path} is refused: its entry ${p.entry} points outside the archive.`,
    hint: 'Use only archives from a source you trust; unpack this one yourself to look into it.',
  }),
  'archive-limit': (p: { path: string; problem: string }) => ({
    message: `The ZIP file ${p.path} is refused: ${p.problem}.`,
    hint: 'If you trust it, unpack it and import the folder.',
  }),
  'list-column': (p: { path: string; line: number; column: string }) => ({
    message: `Line ${p.line} of ${p.path} has no ${p.column}.`,
    hint: 'A CSV begins with a line path,label or path,label,split; each JSONL line has the same names.',
  }),
  'list-malformed': (p: { path: string; line: number; problem: string }) => ({
    message: `Line ${p.line} of ${p.path} cannot be read: ${p.problem}.`,
    hint: 'Correct that line and import again.',
  }),
  'list-escape': (p: { path: string; line: number; entry: string }) => ({
    message: `Line ${p.line} of ${p.path} names ${p.entry}, which is outside the folder of the list.`,
    hint: 'Put the images in the folder of the list, or below it, and use paths relative to it.',
  }),
  'image-empty': (p: { path: string }) => ({
    message: `The file ${p.path} is empty.`,
    hint: 'Copy it again from where it came.',
  }),
  'image-missing': (p: { path: string }) => ({
    message: `There is no file ${p.path}.`,
    hint: 'Check the path in the list.',
  }),
  'image-unsupported': (p: { reason: string }) => ({
    message: `Not a picture that can be used: ${p.reason}.`,
    hint: 'Save it as PNG, JPEG, BMP, GIF, WebP or TIFF, with 8 or 16 bits per channel.',
  }),
  'image-too-large': (p: { reason: string }) => ({
    message: `The picture is too large: ${p.reason}.`,
    hint: 'Make it smaller; networks here read at most 512 × 512 pixels.',
  }),
  'image-too-slow': (p: { seconds: number }) => ({
    message: `The picture could not be decoded within ${p.seconds} seconds.`,
    hint: 'Save it again with another program.',
  }),
  'image-truncated': (p: { bytes: number }) => ({
    message: `The picture ends early, after ${p.bytes} bytes.`,
    hint: 'Copy or download the file again.',
  }),
  'image-unreadable': (p: { reason: string }) => ({
    message: `The picture is damaged: ${p.reason}.`,
    hint: 'Copy the file again, or save it again with another program.',
  }),
  'spec-invalid': (p: { problem: string }) => ({
    message: `The network description is not valid: ${p.problem}.`,
    hint: 'Correct the named field and try again.',
  }),
  'layer-shape': (p: { layer: string; problem: string }) => ({
    message: `Layer ${p.layer} cannot be built: ${p.problem}.`,
    hint: 'Change this layer or the one before it so that the shapes fit.',
  }),
  'split-empty': (p: { run: string; split: string }) => ({
    message: `The run ${p.run} has no ${p.split} images.`,
    hint: 'Choose another split: train, validation or test.',
  }),
  'preset-unknown': (p: { preset: string; known: string }) => ({
    message: `There is no preset ${p.preset}.`,
    hint: `Presets: ${p.known}.`,
  }),
  'activation-unknown': (p: { activation: string; known: string }) => ({
    message: `There is no activation ${p.activation}.`,
    hint: `Activations: ${p.known}.`,
  }),
  'setting-invalid': (p: { setting: string; problem: string }) => ({
    message: `The setting ${p.setting} cannot be used: ${p.problem}.`,
    hint: 'Correct this setting and try again.',
  }),
  'classes-changed': (p: { run: string }) => ({
    message: `The dataset's classes are not those that ${p.run} learned, or stand in another order.`,
    hint: 'Train it anew: a network that was trained answers with the classes it learned.',
  }),
  'run-unfinished': (p: { run: string; status: string }) => ({
    message: `The run ${p.run} is ${p.status}, so it has no trained network to use yet.`,
    hint: 'Let it finish, or continue it with "resume".',
  }),
  'measurement-slow': (p: { seconds: number }) => ({
    message: `No training step was done within ${p.seconds} seconds, so the time cannot be told.`,
    hint: 'Choose a smaller batch size or network, or start without an estimate.',
  }),
  'measurement-canceled': () => ({
    message: 'Measuring the training time was canceled.',
    hint: 'Measure again when the plan is as it should be.',
  }),
  'device-unavailable': (p: { device: string; reason: string; hint: string }) => ({
    message: `The device ${p.device} cannot be used: ${p.reason}.`,
    hint: p.hint,
  }),
  'batch-too-large': (p: { samples: number; gibibytes: number; limitGibibytes: number }) => ({
    message: `A training step over ${p.samples} images at once would need about ${p.gibibytes} GiB of memory; the limit is ${p.limitGibibytes} GiB.`,
    hint: 'Choose a smaller batch size or network; gradient descent takes all images at once, SGD a batch.',
  }),
  'loss-not-finite': (p: { step: number; epoch: number; loss: string }) => ({
    message: `Training stopped at step ${p.step} (epoch ${p.epoch}): the loss became ${p.loss}.`,
    hint: 'Try a lower learning rate, warm-up, or gradient clipping.',
  }),
  'checkpoint-damaged': (p: { file: string; problem: string }) => ({
    message: `The checkpoint ${p.file} cannot be used: ${p.problem}.`,
    hint: 'Put the file back from a backup of the workspace, or train the run again from the start.',
  }),
  'checkpoint-too-large': (p: { gibibytes: number; limitGibibytes: number }) => ({
    message: `A checkpoint of this network would have ${p.gibibytes} GiB; the limit is ${p.limitGibibytes} GiB.`,
    hint: 'Choose a smaller network, an optimizer that keeps less (SGD), or no averaging.',
  }),
  'checkpoint-mismatch': (p: { file: string }) => ({
    message: `The checkpoint ${p.file} belongs to a run with other settings.`,
    hint: 'Only the number of epochs may change when a run is continued; start a new run instead.',
  }),
  'engine-unknown': (p: { engine: string; known: string }) => ({
    message: `There is no engine ${p.engine}.`,
    hint: `Engines: ${p.known}.`,
  }),
  'run-state': (p: { run: string; status: string; action: string }) => ({
    message: `The run ${p.run} is ${p.status} and cannot be ${p.action}.`,
    hint: 'List the runs to see what each of them is doing.',
  }),
  'run-interrupted': () => ({
    message: 'The program ended before this run was over.',
    hint: 'Resume the run to go on from its last checkpoint.',
  }),
  'queue-changed': () => ({
    message: 'The queue has changed meanwhile, so its order is as it was.',
    hint: 'Move the run again.',
  }),
  'run-complete': (p: { run: string; epochs: number }) => ({
    message: `The run ${p.run} has finished its ${p.epochs} epochs.`,
    hint: 'Say how many more epochs it should train.',
  }),
  'trainer-crashed': (p: { reason: string }) => ({
    message: `The training process ended unexpectedly (${p.reason}).`,
    hint: 'Resume the run to continue from its last checkpoint.',
  }),
  'trainer-out-of-memory': (p: { reason: string }) => ({
    message: `The training process ran out of memory (${p.reason}).`,
    hint: 'Use a smaller batch size or network, close other programs, then resume or start again.',
  }),
  'trainer-stalled': (p: { seconds: number }) => ({
    message: `The training process has said nothing for ${p.seconds} seconds and was ended.`,
    hint: 'Resume the run; if it happens again, choose another device or a smaller batch size.',
  }),
  'trainer-failed': (p: { problem: string }) => ({
    message: `The training process met a defect: ${p.problem}.`,
    hint: 'Resume the run to continue from its last checkpoint, and please report the defect.',
  }),
  'inspector-ended': (p: { reason: string }) => ({
    message: `The process that looks into networks ended unexpectedly (${p.reason}).`,
    hint: 'Try again: it is started anew.',
  }),
  'exporter-ended': (p: { reason: string }) => ({
    message: `The process that writes exports ended unexpectedly (${p.reason}).`,
    hint: 'Nothing was kept of this export; try again, or choose another format.',
  }),
  'inspector-busy': () => ({
    message: 'Too much is being asked of the process that looks into networks.',
    hint: 'Wait a moment and try again.',
  }),
  'epoch-missing': (p: { run: string; epoch: number }) => ({
    message: `The parameters of the run ${p.run} after epoch ${p.epoch} were not kept.`,
    hint: 'Choose one of the epochs that the run lists.',
  }),
  'network-place': (p: { problem: string }) => ({
    message: `The network has no such place: ${p.problem}.`,
    hint: 'Choose a layer, unit, position or class that the network lists.',
  }),
  'pixels-unfit': (p: { bytes: number; expected: number; model: string }) => ({
    message: `${p.model} reads images of ${p.expected} bytes and was given ${p.bytes}.`,
    hint: "Bring the image to the model's input size first.",
  }),
  'dataset-part-empty': (p: { part: string }) => ({
    message: `The dataset has no images in this part (${p.part}).`,
    hint: 'Choose another part, or divide the dataset first.',
  }),
  'evaluation-gone': () => ({
    message: 'This evaluation is no longer kept.',
    hint: 'Evaluate the model again.',
  }),
  'evaluations-apart': () => ({
    message: 'The two evaluations have no images in common.',
    hint: 'Evaluate both models on the same images.',
  }),
  'result-gone': () => ({
    message: 'This result is no longer kept.',
    hint: 'Ask for it again.',
  }),
  'model-closed': () => ({
    message: 'This model file is not open.',
    hint: 'Open the ONNX file again.',
  }),
  canceled: () => ({
    message: 'It was canceled.',
    hint: 'Start it again when you want it.',
  }),
  'export-format-unknown': (p: { format: string; known: string }) => ({
    message: `There is no export format ${p.format}.`,
    hint: `Formats: ${p.known}.`,
  }),
  'export-choice-useless': (p: { format: string; choice: string; known: string }) => ({
    message: `An export as ${p.format} has no use for ${p.choice}.`,
    hint: `Leave it out, or choose a format that takes it: ${p.known}.`,
  }),
  'export-disagrees': (p: {
    file: string;
    samples: number;
    maxAbsDiff: number;
    agree: number;
  }) => ({
    message: `The exported file ${p.file} answers otherwise than the run: of ${p.samples} images ${p.agree} get the same class, and probabilities differ by up to ${p.maxAbsDiff}.`,
    hint: 'Nothing was kept of this export; choose another format. Int8 does not suit every network; of any other format, please report the defect.',
  }),
  'calibration-impossible': (p: { run: string; problem: string }) => ({
    message: `The confidence of ${p.run} cannot be calibrated on its validation images: ${p.problem}.`,
    hint: 'Export it without a temperature, or train on a dataset that has a validation part.',
  }),
  'images-missing': (p: { missing: number; total: number }) => ({
    message: `Of the ${p.total} images that this run was trained on and judged by, ${p.missing} are not in this workspace.`,
    hint: 'Import the dataset it came from, or open a capsule that holds its images.',
  }),
  'capsule-damaged': (p: { path: string; problem: string }) => ({
    message: `The capsule ${p.path} is damaged, or was changed: ${p.problem}.`,
    hint: 'Nothing of it was kept; copy or export it again.',
  }),
  'capsule-invalid': (p: { path: string; problem: string }) => ({
    message: `${p.path} is not a capsule that can be opened: ${p.problem}.`,
    hint: 'Choose a file that Inkling exported as a capsule; it ends in .inkling.',
  }),
  'capsule-newer': (p: { path: string; found: string }) => ({
    message: `The capsule ${p.path} was made by a newer version (its format is ${p.found}).`,
    hint: 'Update the program and open it again; nothing was changed.',
  }),
  'run-from-capsule': (p: { run: string }) => ({
    message: `The run ${p.run} came in a capsule, which holds no state to go on training from.`,
    hint: 'Run it again: it is then trained here, and can be continued.',
  }),
  'export-damaged': (p: { file: string; array: string }) => ({
    message: `The exported file ${p.file}, read back, does not hold ${p.array} as the run has it.`,
    hint: 'Nothing was kept of this export; check the disk, and try again.',
  }),
  'folder-unwritable': (p: { folder: string; reason: string }) => ({
    message: `Files cannot be written into ${p.folder}: ${p.reason}.`,
    hint: 'Choose a folder that you may write to.',
  }),
  'model-unreadable': (p: { path: string; reason: string }) => ({
    message: `${p.path} is not an ONNX file that can be read: ${p.reason}.`,
    hint: 'Copy or export it again; opset 17 is read everywhere.',
  }),
  'model-refused': (p: { path: string; reason: string }) => ({
    message: `The model ${p.path} is not opened: ${p.reason}.`,
    hint: 'Export it as a single ONNX file below 512 MiB, with standard operators only.',
  }),
  'model-unfit': (p: { path: string; reason: string }) => ({
    message: `The model ${p.path} cannot classify images here: ${p.reason}.`,
    hint: 'Use a model with one input for images of a fixed size and one output with a score for each class.',
  }),
} satisfies Record<string, Entry<never>>;

type Catalogue = typeof catalogue;
export type ErrorCode = keyof Catalogue;

/** An expected failure. `message` says what happened, `hint` what to do; both are complete sentences. */
export class InklingError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint: string) {
    super(message);
    this.name = 'InklingError';
    this.code = code;
    this.hint = hint;
  }
}

/** For failures that come from another process of the program, as data. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(catalogue, code);
}

/** Builds the error `code` with its values, ready to throw. */
export function failure<C extends ErrorCode>(
  code: C,
  params: Parameters<Catalogue[C]>[0],
): InklingError {
  // Each entry takes exactly the parameters its code requires; TypeScript cannot follow that through the index.
  const entry = catalogue[code] as Entry<Parameters<Catalogue[C]>[0]>;
  const { message, hint } = entry(params);
  return new InklingError(code, message, hint);
}
