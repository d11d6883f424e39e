/** @file What has to be said beside a figure that leaves the program: how its lines came about. */
import type { Band } from '../charts/mean.ts';
import type { RunsViewOptions } from './viewOptions.ts';

const bandNotes: Readonly<Record<Band, string>> = {
  ci95: 'bands are 95 % confidence intervals of the mean (Student’s t)',
  sd: 'bands are ± one sample standard deviation',
  range: 'bands reach from the lowest run to the highest',
  none: '',
};

export function figureNote(options: RunsViewOptions): string {
  const { parts, groupBy, band, xAxis, stepSmoothing, epochSmoothing } = options;
  const smoothing = xAxis === 'epoch' ? epochSmoothing : stepSmoothing;
  const smoothed = xAxis === 'epoch' ? 'lines' : 'training lines';
  const isSmoothed = smoothing > 0 && (xAxis === 'epoch' || parts !== 'validation');
  const notes = [
    parts === 'both' ? 'thick: validation; thin and dashed: training' : `${parts} only`,
    groupBy === 'none' ? '' : 'lines are means over n runs',
    groupBy === 'none' ? '' : bandNotes[band],
    isSmoothed ? `${smoothed} smoothed with ${smoothing}` : '',
  ];
  const text = notes.filter(Boolean).join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
