/** @file Gives the keys back after a click, so that the space bar skips instead of pressing a button again. */

/** For the view around the controls. Whoever moves with the keyboard keeps the focus where it is. */
export function releaseFocus(view: HTMLElement): () => void {
  const release = (): void => {
    const focused = document.activeElement;
    if (!(focused instanceof HTMLElement) || !view.contains(focused)) return;
    const isTyped = focused.matches('input[type="text"], textarea');
    if (!isTyped && !focused.matches(':focus-visible')) focused.blur();
  };
  view.addEventListener('click', release);
  return () => view.removeEventListener('click', release);
}
