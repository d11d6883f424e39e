/**
 * @file A number input that does not touch what is being typed: `0.` stands until it has become `0.05`, and the text is
 * replaced only where the value has come from elsewhere.
 */
import type { Attachment } from 'svelte/attachments';

/**
 * @param value  null or NaN: nothing is shown
 * @param onchange  told NaN for what is no number, null for nothing
 */
export function typedNumber(
  value: () => unknown,
  onchange: (value: number | null) => void,
): Attachment<HTMLInputElement> {
  let told: unknown;
  const entered = (input: HTMLInputElement): void => {
    const isEmpty = input.value === '' && !input.validity.badInput;
    const next = isEmpty ? null : input.valueAsNumber;
    told = next;
    onchange(next);
  };
  return (input) => {
    const now = value();
    if (!Object.is(now, told) && !(told === null && isNothing(now)))
      input.value = isNothing(now) ? '' : String(now);
    told = now;
    const listen = (): void => entered(input);
    input.addEventListener('input', listen);
    return () => input.removeEventListener('input', listen);
  };
}

const isNothing = (value: unknown): boolean => !Number.isFinite(value);
