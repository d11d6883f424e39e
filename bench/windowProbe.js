/**
 * @file Runs inside the page that `window.ts` measures: times what a person would see, from the event's own time
 * stamp to the frame after the change. All times in milliseconds of `performance.now`.
 */
globalThis.probe = {
  /** From now until the grid has drawn every tile on screen. Resolves to how long it took. */
  async untilWhole(start = performance.now()) {
    const grid = () => document.querySelector('[role=grid][aria-label=Images]');
    await until(() => grid()?.getAttribute('aria-busy') === 'false');
    // Drawn in this very frame: what is told after it is told after the paint.
    return (await message()) - start;
  },

  /** Clicks a link and waits for the grid. */
  async openDataset(name) {
    const link = [...document.querySelectorAll('main a')].find((one) => one.textContent === name);
    const start = performance.now();
    link.click();
    return this.untilWhole(start);
  },

  /**
   * Scrolls to a share of the whole height.
   *
   * @returns how long until all is drawn, and how long that was after the last page of thumbnails had arrived (equal
   *   when all was there already).
   */
  async scrollTo(share) {
    const grid = document.querySelector('[role=grid][aria-label=Images]');
    performance.clearResourceTimings();
    const start = performance.now();
    grid.scrollTop = share * (grid.scrollHeight - grid.clientHeight);
    await nextFrame();
    await nextFrame(); // by now the first frame has said what is missing
    const end = start + (await this.untilWhole(start));
    const arrivals = performance
      .getEntriesByType('resource')
      .filter((entry) => entry.name.includes('/page?') && entry.responseEnd <= end)
      .map((entry) => entry.responseEnd);
    return { whole: end - start, afterData: end - Math.max(start, ...arrivals) };
  },

  /** Checks a box of the filter and waits until the number of images shown has changed. */
  async filter(label) {
    const box = [...document.querySelectorAll('aside input[type=checkbox]')].find((one) =>
      one.closest('label, .row, li, div')?.textContent.trim().startsWith(label),
    );
    const count = () =>
      document
        .querySelector('main')
        ?.innerText.match(/[\d\u202f]+ of [\d\u202f]+ images|[\d\u202f]+ images/)?.[0];
    const before = count();
    const start = performance.now();
    box.click();
    while (count() === before) await nextFrame();
    return performance.now() - start;
  },

  /** Goes to the runs, and waits until the accuracy chart says `words`, and shows what it says. */
  async openCharts(words) {
    const start = performance.now();
    document.querySelector('nav a[href="#/runs"]').click();
    await until(() => chartSummary('Accuracy').includes(words));
    return (await painted()) - start;
  },

  /** Begins to time what every movement of the pointer over such an element costs: `moves`. */
  watchMoves(selector) {
    const isWatched = this.moves !== undefined;
    this.moves = [];
    if (isWatched) return;
    const start = (event) => {
      if (!event.target.closest?.(selector)) return;
      // Asked for before the page asks, so it is called before the page's answer.
      requestAnimationFrame(async () => {
        const begun = performance.now();
        this.moves.push((await message()) - begun);
      });
    };
    addEventListener('pointermove', start, { capture: true });
  },

  /** Begins to write down when which step was painted: `paints`, as [milliseconds since 1970, step]. */
  watchSteps() {
    this.paints = [];
    let last = 0;
    this.stepsWatched = new MutationObserver(async () => {
      const step = Number(/at step (\d+)\./.exec(chartSummary('Accuracy'))?.[1] ?? 0);
      if (step === last) return;
      last = step;
      this.paints.push([performance.timeOrigin + (await painted()), step]);
    });
    this.stepsWatched.observe(document.body, {
      childList: true,
      characterData: true,
      subtree: true,
    });
  },

  /** Ends it once a step was painted. @returns what was written down */
  async paintsUntil(step) {
    while ((this.paints.at(-1)?.[1] ?? 0) < step) await nextFrame();
    this.stepsWatched.disconnect();
    return this.paints;
  },

  /** Begins to watch for the next movement of the pointer: `answer` is how long it took to the probabilities after it. */
  watchDrawing() {
    const stamp = new Promise((resolve) =>
      addEventListener('pointermove', (event) => resolve(event.timeStamp), {
        once: true,
        capture: true,
      }),
    );
    const shown = () =>
      [...document.querySelectorAll('ul[aria-label^="Probabilities of "]')].map(
        (list) => list.outerHTML,
      );
    const before = shown();
    this.answer = stamp.then(async (start) => {
      await until(() => shown().every((list, i) => list !== before[i]));
      return (await painted()) - start;
    });
  },

  /** Begins to watch for the next key: until its image is replaced by the next one, and its label is stored. */
  watchKey() {
    const place = document.querySelector('.place').textContent;
    const stamp = Promise.withResolvers();
    addEventListener('keydown', (event) => stamp.resolve(event.timeStamp), {
      once: true,
      capture: true,
    });
    const shown = until(() => document.querySelector('.place')?.textContent !== place).then(
      painted,
    );
    const saved = stamp.promise.then(() =>
      until(() => {
        const text = document.querySelector('[role=status][aria-label=Saving]')?.textContent.trim();
        return this.sawSaving && text === 'Saved';
      }),
    );
    this.sawSaving = false;
    const saving = new MutationObserver(() => (this.sawSaving = true));
    saving.observe(document.querySelector('[role=status][aria-label=Saving]'), {
      childList: true,
      characterData: true,
      subtree: true,
    });
    this.key = Promise.all([stamp.promise, shown, saved]).then(([start, seen, stored]) => {
      saving.disconnect();
      return { shown: seen - start, stored: stored - start };
    });
  },
};

/** What a chart says to those who cannot see it. */
const chartSummary = (title) =>
  document
    .querySelector(`main [role=img][aria-label="${title}"]`)
    ?.parentElement.querySelector('p.visually-hidden')?.textContent ?? '';

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

/** The time after the frame in which the current state is painted. */
async function painted() {
  await nextFrame();
  return message();
}

/** The time when what was posted now arrives: from within a frame, after it is painted. */
function message() {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.addEventListener('message', () => resolve(performance.now()));
    channel.port1.start();
    channel.port2.postMessage(null);
  });
}

/** The time at which `isTrue` has become so, looked at whenever the page changes. */
function until(isTrue) {
  return new Promise((resolve) => {
    const look = () => {
      if (!isTrue()) return;
      observer.disconnect();
      resolve(performance.now());
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, {
      childList: true,
      characterData: true,
      subtree: true,
      attributes: true,
    });
    look();
  });
}
