/**
 * @file What an exported page does: strokes become ink, ink becomes the picture the network reads (drawing.js), and
 * every change is answered in the next frame. An exported page carries this very text; `network` is the program.
 */

/* global pictureOf, network, addLayer, showLayer, sized, context, color */

const about = JSON.parse(element('about').textContent);
const model = network(element('tables').textContent);
const { input, classes } = about;

/** Pixels of the drawing along its longer side; the screen shows it smaller. */
const inkSize = 448;
const inkScale = inkSize / Math.max(input.width, input.height);
const ink = context(Math.round(input.width * inkScale), Math.round(input.height * inkScale));
const pad = sized(element('pad'), ink.canvas.width, ink.canvas.height);
const seen = sized(element('seen'), input.width, input.height);
const overlay = { crop: null, mass: null };

/** Of the drawing's longer side: about as thick as MNIST's strokes once a digit is scaled. */
const penWidth = inkSize * 0.075;
/** Of the drawing's longer side, what one press of an arrow key moves the pen. */
const penStep = inkSize / 28;

const strokes = [];
const levels = new Uint8Array(ink.canvas.width * ink.canvas.height);
const pen = { x: ink.canvas.width / 2, y: ink.canvas.height / 2, down: false, shown: false };
const pixels = new Uint8Array(input.channels * input.height * input.width);
const probabilities = new Float32Array(classes.length);

element('title').textContent = `${about.name}: draw, and the network answers`;
document.title = `${about.name} – Inkling`;
element('summary').textContent = about.summary;
element('size').textContent =
  `${input.width} × ${input.height} pixels${input.channels === 1 ? '' : `, the same for all ${input.channels} channels`}`;
const bars = classes.map(addBar);
// The picture comes first and the probabilities last, as layers like all others.
const shownLayers = [
  { title: 'Picture', shape: [input.channels, input.height, input.width], values: pixels },
  ...about.layers.map((layer, i) => ({ ...layer, values: model.kept[i] })),
  { title: 'Answer', shape: [classes.length], values: probabilities },
];
const layers = shownLayers.map(addLayer);

// ── from strokes to ink ──

let pointer = null;

element('pad').addEventListener('pointerdown', (event) => {
  if (pointer !== null || event.button !== 0) return;
  pointer = event.pointerId;
  element('pad').setPointerCapture(pointer);
  pen.shown = false;
  strokes.push([pointOf(event)]);
  changed();
});
element('pad').addEventListener('pointermove', (event) => {
  if (event.pointerId !== pointer) return;
  // All positions since the last frame, so that a quick stroke stays round.
  const events = event.getCoalescedEvents?.() ?? [];
  for (const each of events.length > 0 ? events : [event]) strokes.at(-1).push(pointOf(each));
  changed();
});
for (const name of ['pointerup', 'pointercancel'])
  element('pad').addEventListener(name, (event) => {
    if (event.pointerId === pointer) pointer = null;
  });

function pointOf(event) {
  const box = element('pad').getBoundingClientRect();
  return {
    x: ((event.clientX - box.left) / box.width) * ink.canvas.width,
    y: ((event.clientY - box.top) / box.height) * ink.canvas.height,
  };
}

const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

element('pad').addEventListener('keydown', (event) => {
  const move = moves[event.key];
  if (move) movePen(...move);
  else if (event.key === ' ') togglePen();
  else if (event.key === 'Delete' || event.key === 'Backspace') clear();
  else if (event.key === 'z' && (event.ctrlKey || event.metaKey)) undo();
  else return;
  event.preventDefault();
  changed();
});
element('pad').addEventListener('blur', () => {
  pen.down = false;
  pen.shown = false;
  changed();
});

function movePen(right, down) {
  pen.shown = true;
  pen.x = Math.min(ink.canvas.width, Math.max(0, pen.x + right * penStep));
  pen.y = Math.min(ink.canvas.height, Math.max(0, pen.y + down * penStep));
  if (pen.down) strokes.at(-1).push({ x: pen.x, y: pen.y });
}

function togglePen() {
  pen.shown = true;
  pen.down = !pen.down;
  if (pen.down) strokes.push([{ x: pen.x, y: pen.y }]);
}

function undo() {
  pen.down = false;
  strokes.pop();
}

function clear() {
  pen.down = false;
  strokes.length = 0;
}

for (const [name, act] of Object.entries({ undo, clear }))
  element(name).addEventListener('click', () => {
    act();
    changed();
    // A disabled button would lose the focus to nowhere.
    if (strokes.length === 0) element('pad').focus();
  });
for (const name of ['centered', 'inverted']) element(name).addEventListener('change', changed);

function drawInk() {
  ink.clearRect(0, 0, ink.canvas.width, ink.canvas.height);
  ink.lineWidth = penWidth;
  ink.lineCap = 'round';
  ink.lineJoin = 'round';
  for (const [first, ...rest] of strokes) {
    ink.beginPath();
    ink.moveTo(first.x, first.y);
    // A line to itself is a dot.
    for (const { x, y } of rest.length > 0 ? rest : [first]) ink.lineTo(x, y);
    ink.stroke();
  }
}

/** How much of each pixel is covered, 0 … 255. */
function inkLevels() {
  const { width, height } = ink.canvas;
  const { data } = ink.getImageData(0, 0, width, height);
  for (let i = 0; i < levels.length; i++) levels[i] = data[4 * i + 3];
  return { ink: levels, width, height };
}

// ── from ink to an answer ──

let waiting = false;

/** Answers in the next frame, once however much has changed until then. */
function changed() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    answer();
  });
}

function answer() {
  const start = performance.now();
  drawInk();
  const {
    pixels: picture,
    crop,
    mass,
  } = pictureOf(inkLevels(), input, element('centered').checked);
  Object.assign(overlay, { crop, mass });
  const isInverted = element('inverted').checked;
  const shown = isInverted ? picture.map((level) => 255 - level) : picture;
  for (let c = 0; c < input.channels; c++) pixels.set(shown, c * shown.length);
  model.predict(pixels, probabilities);
  const milliseconds = performance.now() - start;
  const isEmpty = strokes.length === 0;
  showDrawing(isEmpty);
  showPicture(shown, isEmpty);
  showAnswer(isEmpty, milliseconds);
  for (const layer of layers) showLayer(layer, isEmpty);
}

// ── what is shown ──

function showDrawing(isEmpty) {
  const { width, height } = ink.canvas;
  pad.globalCompositeOperation = 'source-over';
  pad.clearRect(0, 0, width, height);
  pad.drawImage(ink.canvas, 0, 0);
  pad.globalCompositeOperation = 'source-in';
  pad.fillStyle = color('--text');
  pad.fillRect(0, 0, width, height);
  pad.globalCompositeOperation = 'source-over';
  pad.strokeStyle = pad.fillStyle = color('--accent');
  pad.lineWidth = 2;
  if (overlay.crop && element('centered').checked) showWay(overlay.crop, overlay.mass);
  if (pen.shown) {
    pad.beginPath();
    pad.arc(pen.x, pen.y, penWidth / 2, 0, 2 * Math.PI);
    if (pen.down) pad.fill();
    else pad.stroke();
  }
  element('invitation').hidden = !isEmpty || pen.shown;
  element('undo').disabled = element('clear').disabled = isEmpty;
}

/** The box that is cut out, and a cross at the center of mass. */
function showWay(crop, mass) {
  pad.setLineDash([8, 6]);
  pad.strokeRect(crop.left, crop.top, crop.width, crop.height);
  pad.setLineDash([]);
  pad.beginPath();
  for (const [x, y] of [
    [8, 0],
    [0, 8],
  ]) {
    pad.moveTo(mass.x - x, mass.y - y);
    pad.lineTo(mass.x + x, mass.y + y);
  }
  pad.stroke();
}

function showPicture(picture, isEmpty) {
  const image = seen.createImageData(input.width, input.height);
  picture.forEach((level, i) => image.data.set([level, level, level, 255], 4 * i));
  seen.putImageData(image, 0, 0);
  element('seen').setAttribute(
    'aria-label',
    isEmpty ? 'Nothing yet' : 'The drawing as the network reads it',
  );
  element('way').textContent = element('centered').checked
    ? 'The box around your drawing is cut out, scaled, and moved so that its center of mass (the cross) is in the middle, as in MNIST.'
    : 'The whole drawing is scaled down as it is.';
}

function showAnswer(isEmpty, milliseconds) {
  const best = probabilities.indexOf(Math.max(...probabilities));
  bars.forEach(({ row, fill, share }, k) => {
    const shown = isEmpty ? 0 : probabilities[k];
    row.classList.toggle('most', !isEmpty && k === best);
    fill.style.transform = `scaleX(${shown})`;
    share.textContent = isEmpty ? '' : percent(shown);
  });
  // An answer that is no number has no best class, and says so.
  const name = best < 0 ? 'no number' : classes[best];
  const isUnsure = about.unsureBelow !== null && !(probabilities[best] >= about.unsureBelow);
  const share = best < 0 ? '' : percent(probabilities[best]);
  write('best', isEmpty ? '–' : isUnsure ? 'unsure' : name);
  write('sure', isEmpty ? '' : isUnsure && best >= 0 ? `perhaps ${name}, ${share}` : share);
  write(
    'time',
    isEmpty ? 'Probabilities move while you draw.' : `Answered in ${milliseconds.toFixed(1)} ms`,
  );
}

function addBar(name) {
  const row = document.createElement('li');
  const [label, track, share] = ['name', 'track', 'share'].map((kind) => {
    const part = document.createElement('span');
    part.className = kind;
    return part;
  });
  label.textContent = label.title = name;
  const fill = document.createElement('div');
  fill.className = 'fill';
  track.append(fill);
  row.append(label, track, share);
  element('bars').append(row);
  return { row, fill, share };
}

// ── small things ──

function element(id) {
  return document.getElementById(id);
}

/** Changed text is announced; the same text again is not. */
function write(id, text) {
  if (element(id).textContent !== text) element(id).textContent = text;
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
answer();
