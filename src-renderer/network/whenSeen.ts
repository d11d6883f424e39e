/** @file Work that waits until its place is about to be scrolled into sight. */
import type { Attachment } from 'svelte/attachments';

/** px below the window that count as seen. */
const ahead = 300;

/** `{@attach whenSeen(() => …)}`: called once. */
export function whenSeen(callback: () => void): Attachment<Element> {
  return (element) => {
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        observer.disconnect();
        callback();
      },
      { rootMargin: `${ahead}px` },
    );
    observer.observe(element);
    return () => observer.disconnect();
  };
}
